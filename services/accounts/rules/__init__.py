"""The decisions of `accounts`: pure functions from what is known to what happens."""
