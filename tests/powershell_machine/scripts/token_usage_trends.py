"""Tokens by backend."""

import json
from collections import Counter

from diary import DATA, written_down

with written_down("token_usage_trends"):
    tokens = Counter()
    for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        tokens[event.get("backend", "none")] += event.get("tokens", 0)
    print("tokens:", dict(tokens))
