"""Forgets answers that nobody has asked for."""

from diary import written_down

with written_down("cache_prune"):
    print("cache prune: nothing to report")
