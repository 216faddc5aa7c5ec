"""What adoption leaves: rhythm.toml and a report."""
