"""All SQL of `linking`: one function, one statement, one module for each group of tables."""
