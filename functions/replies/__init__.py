"""What the HTTP routes reply, by topic: imported with the first request for it, not while the app is indexed."""
