"""The worker of the type `rhythm`: it beats in its own process."""
