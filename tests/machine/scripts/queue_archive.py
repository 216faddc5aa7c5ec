"""Moves finished jobs out of the queue."""

from diary import written_down

with written_down("queue_archive"):
    print("queue archive: nothing to report")
