"""The JSON API: the commands and queries of `accounts` and `linking`, one route each."""
