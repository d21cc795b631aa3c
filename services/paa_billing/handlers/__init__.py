"""The steps of each message: load, decide, save, return; one module a subject."""
