"""What recorded days advise to change in rhythm.toml, each with what it would have changed."""
