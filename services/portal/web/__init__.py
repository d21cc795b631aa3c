"""What every route of the edge shares: who calls, asking for them, what is refused, and how it is said."""
