"""Looks whether the worker still moves."""

from diary import written_down

with written_down("watchdog"):
    print("watchdog: nothing to report")
