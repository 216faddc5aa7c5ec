"""Draws the charts again."""

from diary import DATA, written_down

with written_down("dashboard_autoupdate"):
    print(DATA.joinpath("metrics.jsonl").read_text(encoding="utf-8"))
