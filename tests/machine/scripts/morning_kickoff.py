"""Says good morning with a plan."""

from diary import written_down

with written_down("morning_kickoff"):
    print("morning kickoff: nothing to report")
