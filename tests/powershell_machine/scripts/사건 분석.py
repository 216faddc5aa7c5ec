"""사건을 종류별로 살펴봅니다."""

import json

from diary import DATA, written_down

with written_down("사건 분석"):
    for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines():
        if (event := json.loads(line))["kind"] == "replan":
            print("다시 계획함:", event["why"])
