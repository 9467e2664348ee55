"""Voice packages: converted, written."""
