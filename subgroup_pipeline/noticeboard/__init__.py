"""Shows what is released: a process of its own that knows one folder, and nothing of the home or of who asks."""
