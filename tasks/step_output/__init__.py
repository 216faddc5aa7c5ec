"""What steps print: whole in a file of each run, and in part in Prefect's log."""
