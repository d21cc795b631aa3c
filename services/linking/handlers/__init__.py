"""What `linking` does with each message: load, decide, save, return."""
