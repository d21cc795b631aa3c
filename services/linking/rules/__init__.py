"""The decisions of `linking`: pure functions from what is known to what happens."""
