"""A line of metrics for each run."""

from diary import DATA, written_down

with written_down("metrics_collector"):
    DATA.joinpath("metrics.jsonl").write_text('{"cpu": 12}\n', encoding="utf-8")
