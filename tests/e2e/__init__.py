"""The app as its users meet it: over HTTP, against everything that `make local` starts."""
