"""Copying one content from the simulator to Azurite: under faults, beside another worker, within little memory."""
