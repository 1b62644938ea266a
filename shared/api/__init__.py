"""What comes in and goes out over HTTP: request bodies, replies, problem documents."""
