"""The demonstration: one quarter played through the broker, by messages alone."""
