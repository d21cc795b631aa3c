"""What `accounts` does in one transaction: load, decide, save, return."""
