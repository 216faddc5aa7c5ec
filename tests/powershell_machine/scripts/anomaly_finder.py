"""Which answers are out of the ordinary?"""

import json
from statistics import median

from diary import DATA, written_down

with written_down("anomaly_finder"):
    events = [
        json.loads(line) for line in DATA.joinpath("events.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    times = [event["ms"] for event in events if "ms" in event]
    print(f"{sum(time > 3 * median(times) for time in times)} of {len(times)}")
