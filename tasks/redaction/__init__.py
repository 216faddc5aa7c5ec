"""What must not reach a log: the values of secrets, however spelled, and control characters."""
