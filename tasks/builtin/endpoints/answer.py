"""What is to be thought of an endpoint's answer."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from tasks.settings.endpoints import Expect

#: The most of an answer that is kept to be read, in bytes.
MOST = 1_048_576


def fault(expect: Expect, status: int, body: bytes) -> str:
    """Return what is wrong with an answer, as a clause; empty if nothing is.

    Without an expected status, 2xx and 3xx are right. `body` is needed only for a JSON key.
    """
    if expect.status is None and status >= 400:
        return f"answered {_named(status)}"
    if expect.status is not None and status != expect.status:
        return f"answered {_named(status)} instead of {expect.status}"
    if expect.json_key is None:
        return ""
    if len(body) > MOST:
        return f"answered more than {MOST:,} bytes, too much to look for {expect.json_key!r}"
    try:
        answer = json.loads(body)
    except ValueError:
        return "answered what is not JSON"
    return "" if _has(answer, expect.json_key) else f"answered JSON without {expect.json_key!r}"


def completion_tokens(body: bytes) -> int | None:
    """Return how many tokens a chat completion reports to have written; None if it does not."""
    try:
        tokens = json.loads(body)["usage"]["completion_tokens"]
    except (ValueError, LookupError, TypeError):
        return None
    return tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0 else None


def _has(answer: Any, key: str) -> bool:
    """Whether a dotted key leads somewhere; a number is an index of a list."""
    for part in key.split("."):
        if isinstance(answer, dict) and part in answer:
            answer = answer[part]
        elif isinstance(answer, list) and part.isdecimal() and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            return False
    return True


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
