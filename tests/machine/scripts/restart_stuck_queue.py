"""Puts jobs that hang back into the queue."""

from diary import written_down

with written_down("restart_stuck_queue"):
    print("restart stuck queue: nothing to report")
