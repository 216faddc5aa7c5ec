"""Is the breaker of the primary backend open?"""

import json

from diary import DATA, written_down

with written_down("circuit_breaker_router"):
    failures = 0
    for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["kind"] == "request":
            failures = 0 if event["ok"] else failures + 1
    print("차단기:", "열림" if failures >= 3 else "닫힘")
