"""Waits until a Prefect server answers: `python -m deployments.service.waiting URL`.

That is the one at the URL, or the one that serves Prefect's home for another rhythm: only one may.
"""

from __future__ import annotations

import sys
from time import monotonic, sleep

import httpx

_LONGEST, _POLL = 90.0, 0.5  # seconds; a first start migrates the database


def main(url: str) -> int:
    """Return 0 as soon as it answers, 1 if it does not."""
    end = monotonic() + _LONGEST
    while monotonic() < end:
        if _answers(url) or _answers(_of_home()):
            return 0
        sleep(_POLL)
    print(f"no Prefect server answers at {url}", file=sys.stderr)
    return 1


def _answers(url: str) -> bool:
    try:
        return bool(url) and httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _of_home() -> str:
    """Return where another process serves Prefect's home; "" if none does."""
    from prefect.settings import get_current_settings  # which takes longer than to ask a server that is there

    from deployments.server import instance_lock

    other = instance_lock.server_running(get_current_settings().home)
    return other.url if other else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
