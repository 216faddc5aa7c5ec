"""Counts the events of the ledger."""

import json
from collections import Counter

from diary import DATA, written_down

with written_down("event_ledger_analyzer"):
    lines = DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines()
    print(dict(Counter(json.loads(line)["kind"] for line in lines)))
