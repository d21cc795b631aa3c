"""What `accounts` does by itself, in leased or bounded steps."""
