"""What gets deployed, looked at as it lies there."""
