"""What the project is made of beyond its own code: locked, licensed, told, and scanned for secrets."""
