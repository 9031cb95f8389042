"""What developers run in a checkout; nothing of it is in the wheel."""
