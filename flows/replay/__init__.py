"""The rhythm simulated by its own decisions: any stretch of time, or recorded days once more."""
