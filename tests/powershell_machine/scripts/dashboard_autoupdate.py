"""Draws the metrics as bars."""

import json

from diary import DATA, written_down

with written_down("dashboard_autoupdate"):
    lines = DATA.joinpath("metrics.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[-5:]:
        print("█" * json.loads(line)["cpus"])
