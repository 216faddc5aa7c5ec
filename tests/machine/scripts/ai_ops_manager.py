"""Looks after the agents' housekeeping."""

from diary import written_down

with written_down("ai_ops_manager"):
    print("ai ops manager: nothing to report")
