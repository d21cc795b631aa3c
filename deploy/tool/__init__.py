"""The operator's tool `nextgen`."""
