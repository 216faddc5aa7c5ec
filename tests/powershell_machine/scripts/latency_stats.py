"""Mean and worst latency of each backend."""

import json
from collections import defaultdict

from diary import DATA, written_down

with written_down("latency_stats"):
    found = defaultdict(list)
    for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines():
        if (event := json.loads(line)).get("backend"):
            found[event["backend"]].append(event["ms"])
    for backend, times in sorted(found.items()):
        print(f"{backend}: mean {sum(times) / len(times):.0f} ms, worst {max(times)} ms")
