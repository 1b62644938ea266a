"""Bicep, the hooks of azd, and the script that builds what they deploy."""
