"""What is written down of a beat for replays: what people had asked for, and what was in its way. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flows.decisions.holds import NONE, Holds, Pause
from flows.decisions.slots import Slot


@dataclass(frozen=True, slots=True)
class BeatNote:
    """What else a beat decided by: groups that were forced, whether `main` was taken, and what was paused.

    `reached`: the groups that it came to before it was cancelled; None if it came to all.
    """

    force: tuple[str, ...] = ()
    is_held: bool = False
    holds: Holds = NONE
    reached: tuple[str, ...] | None = None

    def text(self) -> str | None:
        """Return it as text; None if there is nothing to note."""
        holds = {
            "all": _pause(self.holds.all),
            "groups": {name: _pause(pause) for name, pause in self.holds.groups.items()},
            "skips": {name: [_time(s.start), _time(s.end)] for name, s in self.holds.skips.items()},
        }
        noted: dict[str, Any] = {
            "force": list(self.force),
            "held": self.is_held,
            **{key: value for key, value in holds.items() if value},
        }
        noted = {key: value for key, value in noted.items() if value}
        if self.reached is not None:
            noted["reached"] = list(self.reached)
        return json.dumps(noted) if noted else None


def read_note(text: str | None) -> BeatNote:
    """Given what `text` has returned, return the note.

    Raises:
        ValueError: somebody else has written it.
    """
    if not text:
        return BeatNote()
    try:
        noted = json.loads(text)
        holds = Holds(
            _as_pause(noted.get("all")),
            {name: pause for name, text in noted.get("groups", {}).items() if (pause := _as_pause(text))},
            {
                name: Slot(datetime.fromisoformat(start), datetime.fromisoformat(end))
                for name, (start, end) in noted.get("skips", {}).items()
            },
        )
        reached = noted.get("reached")
        return BeatNote(
            tuple(noted.get("force", ())),
            bool(noted.get("held")),
            holds,
            None if reached is None else tuple(reached),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"is no note of a beat: {text}") from error


def _pause(pause: Pause | None) -> str | None:
    if pause is None:
        return None
    return _time(pause.until) if pause.until else "open"


def _as_pause(text: str | None) -> Pause | None:
    if not text:
        return None
    return Pause(None if text == "open" else datetime.fromisoformat(text))


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
