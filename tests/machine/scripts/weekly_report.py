"""The week on one page."""

from diary import written_down

with written_down("weekly_report"):
    print("weekly report: nothing to report")
