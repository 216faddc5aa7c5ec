"""What a beat knows of the machine's load, and of how long groups take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tasks.builtin.analysis.expected import Expected
from tasks.store.measurements import Reading

#: What others usually use at a time, in per cent of the CPU; None where that is not known.
Usual = Callable[[datetime], float | None]


@dataclass(frozen=True, slots=True)
class Load:
    """What pacing goes by. Of what is not known, nothing is made up: a group then runs.

    `readings` are those of the last beats, oldest first; the last one is that of this beat. `usual` returns
    the load that is usual at a time; `durations` holds what is expected of groups that have run before.
    """

    readings: Sequence[Reading] = ()
    usual: Usual | None = None
    durations: Mapping[str, Expected] = field(default_factory=dict)


#: Nothing is known.
UNKNOWN = Load()
