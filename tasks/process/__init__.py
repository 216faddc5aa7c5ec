"""A script's process from start to end: its tree, its output, its exit code, and what it leaves behind."""
