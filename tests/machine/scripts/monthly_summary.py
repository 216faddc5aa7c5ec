"""The month on one page."""

from diary import written_down

with written_down("monthly_summary"):
    print("monthly summary: nothing to report")
