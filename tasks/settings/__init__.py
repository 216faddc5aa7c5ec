"""The schema of rhythm.toml, a file for each table, and how its faults are reported."""
