"""WHERE it runs, and how a person operates it."""
