"""What `accounts` can't do in one transaction, since passwords are hashed outside of any."""
