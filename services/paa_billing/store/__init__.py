"""All SQL of billing: one module a group of tables, one function a statement."""
