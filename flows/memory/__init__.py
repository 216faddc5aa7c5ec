"""What is remembered between beats: on Prefect's server, and on disk until that can be asked."""
