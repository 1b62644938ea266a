"""No network, no files, under five seconds together."""
