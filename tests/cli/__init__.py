"""The real command in processes of its own: what it prints where, and the status it ends with."""
