"""The worker that beats in its own process."""
