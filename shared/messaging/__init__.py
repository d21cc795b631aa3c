"""How messages travel: every effect exactly once, nothing lost, nothing doubled, whatever is killed when."""
