"""Is the local language model there?"""

import json

from diary import DATA, written_down

with written_down("llm_monitor"):
    events = [
        json.loads(line) for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    answers = [event["ok"] for event in events if event.get("backend") == "llm"]
    print(f"llm: {sum(answers)} of {len(answers)} answered")
