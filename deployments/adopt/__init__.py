"""From dozens of tasks, each on its own timer, to one rhythm.toml. Reads registrations, and changes none."""
