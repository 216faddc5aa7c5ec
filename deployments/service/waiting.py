"""Waits until a Prefect server answers: `python -m deployments.service.waiting URL`."""

from __future__ import annotations

import sys
from time import monotonic, sleep

import httpx

_LONGEST, _POLL = 90.0, 0.5  # seconds; a first start migrates the database


def main(url: str) -> int:
    """Return 0 as soon as it answers, 1 if it does not."""
    end = monotonic() + _LONGEST
    while monotonic() < end:
        try:
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                return 0
        except httpx.HTTPError:
            pass
        sleep(_POLL)
    print(f"no Prefect server answers at {url}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
