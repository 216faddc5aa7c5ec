"""Mean and percentiles of the last hour."""

from diary import DATA, written_down

with written_down("latency_stats"):
    print(DATA.joinpath("metrics.jsonl").read_text(encoding="utf-8"))
