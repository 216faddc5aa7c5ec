"""From dozens of tasks, each on its own timer, to one rhythm.toml. Reads what is registered; never changes it."""
