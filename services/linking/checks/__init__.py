"""Work of `linking` that hashes passwords and so isn't one transaction: none is open while it hashes."""
