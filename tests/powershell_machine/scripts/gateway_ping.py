"""How fast has the chat gateway answered?"""

import json

from diary import DATA, written_down

with written_down("gateway_ping"):
    events = [
        json.loads(line) for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    answers = [event["ms"] for event in events if event.get("backend") == "gateway"]
    print(f"게이트웨이: {sum(answers) / len(answers):.0f} ms")
