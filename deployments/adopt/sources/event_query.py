"""What an event trigger waits for, and what is lost of it: Rhythm looks at clocks alone. Pure."""

from __future__ import annotations

import re

from deployments.adopt.job import Difference


def difference(subscription: str) -> Difference:
    """Given an event trigger's subscription, a query in XML, return that a job ran at such an event."""
    return Difference(
        f"it ran at an event: {_shown(subscription)}", "Let an automation of Prefect start it, or poll."
    )


def _shown(query: str) -> str:
    """Return the log and the number that a query names, or the query."""
    log = re.search(r"Path=[\"']([^\"']+)", query)
    number = re.search(r"EventID\s*=\s*(\d+)", query)
    shown = " ".join(part for part in (log[1] if log else "", f"event {number[1]}" if number else "") if part)
    return shown or " ".join(query.split())[:100] or "of no query"
