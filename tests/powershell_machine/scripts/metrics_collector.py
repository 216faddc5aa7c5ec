"""A line of metrics for each run."""

import json
import os
import time

from diary import DATA, written_down

with written_down("metrics_collector"):
    with DATA.joinpath("metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"cpu_seconds": time.process_time(), "cpus": os.cpu_count()}) + "\n")
    print("측정값을 기록했습니다")
