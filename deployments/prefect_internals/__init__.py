"""Everything that leans on Prefect's insides, a file for each; `catalogue` lists them."""
