"""All SQL of `accounts`: one function, one statement; `saving` puts some of them together."""
