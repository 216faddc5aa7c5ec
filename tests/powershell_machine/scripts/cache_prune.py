"""Forgets answers that are older than a day."""

import time

from diary import DATA, written_down

with written_down("cache_prune"):
    cache = DATA / "cache"
    cache.mkdir(exist_ok=True)
    old = [path for path in cache.iterdir() if path.stat().st_mtime < time.time() - 86400]
    for path in old:
        path.unlink()
    print(f"{len(old)} forgotten")
