"""The client and its command, without an app: what is sent, and what becomes of every answer."""
