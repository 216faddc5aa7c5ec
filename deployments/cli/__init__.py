"""The `rhythm` command: a file for each of its commands."""
