"""Rhythm, as `rhythm up` runs it: the 42 scripts in its five groups, in one beat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from tests.bench.measure import SETTLE
from tests.bench.system import Place
from tests.bench.up import BEATS, Up

_NEEDS = 90.0 + SETTLE  # seconds without a scheduled beat: to come to rest, and to work


@dataclass
class Rhythm:
    """`rhythm up` with `options`; a beat is asked for by Prefect's API, and forced to run all groups.

    Idling, it beats once in its period, with nothing due: that is a part of what idling costs.
    """

    place: Place
    options: Sequence[str] = ()
    period: float | None = BEATS
    _up: Up = field(init=False)
    _run: str = ""

    def prepare(self) -> None:
        work = self.place.workload
        work.write_idle()  # for the first beat, which comes at once
        self._up = Up(self.place, self.options)
        steps = {
            name: ", ".join(json.dumps(path.name) for path in paths) for name, paths in work.groups().items()
        }
        self._up.workspace.five_groups(every="1d", **steps)
        self._up.start()
        work.write()
        self._up.keep_away(_NEEDS)

    def start(self) -> float:
        due = monotonic()
        self._run = self._up.ask(list(self.place.workload.groups()))
        return due

    def is_over(self) -> bool:
        return self._up.has_ended(self._run)

    def beat(self) -> float | None:
        return self._up.seconds(self._run)
