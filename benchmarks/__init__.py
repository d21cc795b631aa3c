"""Measurements: what ours takes beside a bare peer, or beside the limit, from one and the same run."""
