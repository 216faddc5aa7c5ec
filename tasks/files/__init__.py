"""Files: written at once, kept for this account alone, and paths of any length."""
