"""An event ledger in JSON lines, read whatever is in it: what is not an event is counted, never fatal.

An event is a JSON object with a time and a type. The usual names are understood: `time`, `timestamp`,
`ts`, `at` or `datetime` (ISO 8601, a time without a zone is in the given one; or seconds or milliseconds
since 1970), and `event`, `event_type`, `type`, `kind`, `name` or `action`. `reason` or `cause` say why.
An event is a replan if its type contains "replan".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, BinaryIO

_TIMES = ("time", "timestamp", "ts", "at", "datetime")
_TYPES = ("event", "event_type", "type", "kind", "name", "action")
_REASONS = ("reason", "cause")
#: Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
_MILLISECONDS = 1e11
#: A longer line is not an event: it is counted without being read.
LONGEST = 1_000_000
#: Types and reasons are cut after so many characters.
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One event of the ledger: when, of which type, and why, if that is given."""

    at: datetime
    type: str
    reason: str = ""

    @property
    def is_replan(self) -> bool:
        """Whether plans were redone."""
        return "replan" in self.type.lower()


@dataclass(slots=True)
class LedgerSummary:
    """How many lines of a ledger there were, and why some are not events."""

    lines: int = 0
    bad: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> str:
        """The bad lines by kind, as a clause; empty if there are none."""
        if not self.bad:
            return ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.bad.most_common())
        return f"{self.bad.total()} of {self.lines} lines are not events: {kinds}"


def read(
    lines: Iterable[bytes], since: datetime, until: datetime, zone: tzinfo, reading: LedgerSummary
) -> Iterator[LedgerEvent]:
    """Yield the events from `since` to `until`; `reading` counts every line that is not empty, each once."""
    for number, line in enumerate(lines):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        if not text.strip():
            continue
        reading.lines += 1
        event = _event(text, zone)
        if isinstance(event, str):
            reading.bad[event] += 1
        elif event.at > until:
            reading.bad["in the future"] += 1
        elif event.at >= since:
            yield event


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; of one that is too long, only enough to know that it is."""
    while line := file.readline(LONGEST + 1):
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)


def _event(line: bytes, zone: tzinfo) -> LedgerEvent | str:
    """Return the event that a line holds, or what is wrong with it."""
    if len(line) > LONGEST:
        return "too long"
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        return "in no known encoding"
    except (ValueError, RecursionError):
        return "broken" if line.endswith(b"\n") else "cut off"
    if not isinstance(found, dict):
        return "no objects"
    at = _time(_first(found, _TIMES), zone)
    if at is None:
        return "without a time"
    kind = _first(found, _TYPES)
    if not isinstance(kind, str) or not kind.strip():
        return "without a type"
    return LedgerEvent(at, _text(kind), _text(_first(found, _REASONS)))


def _first(found: dict[str, Any], names: Iterable[str]) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), None)


def _time(value: Any, zone: tzinfo) -> datetime | None:
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    # JSON may hold halves of characters (\ud800), which no file and no server takes.
    return " ".join(value.encode(errors="replace").decode().split())[:LONGEST_TEXT]
