"""Everything that sets up, runs and operates the services; no service imports it."""
