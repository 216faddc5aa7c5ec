"""How long work takes on a machine that others use as well: slower where they leave too little. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from flows.decisions.slots import next_beat
from flows.replay.figures import BUSY

#: What others use of the CPU at a time, in per cent. It is taken to be the same until the next beat.
Others = Callable[[datetime], float]

#: Work gets so much of the CPU (in per cent) however busy others are: the system's scheduler shares it.
LEAST = 10.0


class Work(NamedTuple):
    """Work of so many seconds of the whole machine's CPU, which uses so many per cent of it if it can."""

    cpu_seconds: float
    demand: float

    @classmethod
    def of_run(cls, seconds: float, demand: float) -> Work:
        """Return the work of a run that takes so many seconds on a machine that nobody else uses."""
        return cls(seconds * demand / 100, demand)


class Stretch(NamedTuple):
    """A part of the work: when it begins, how long it takes, what it uses, and what others use meanwhile."""

    began: datetime
    seconds: float
    cpu_seconds: float
    others: float


def stretches(work: Work, began: datetime, others: Others) -> Iterator[Stretch]:
    """Yield the parts of the work that begins at a time, each within the interval of a beat."""
    left, time = work.cpu_seconds, began
    while left > 0:
        load = others(time)
        rate = min(work.demand, max(100 - load, LEAST)) / 100
        room = (next_beat(time) - time).total_seconds()
        if left <= room * rate:
            yield Stretch(time, left / rate, left, load)
            return
        yield Stretch(time, room, room * rate, load)
        left -= room * rate
        time += timedelta(seconds=room)


def seconds_of(work: Work, began: datetime, others: Others) -> float:
    """Return how long the work takes that begins at a time."""
    return sum(stretch.seconds for stretch in stretches(work, began, others))


def busy_seconds(work: Work, began: datetime, others: Others) -> float:
    """Return how many of its CPU seconds the work uses while others use more than `BUSY` per cent."""
    return sum(stretch.cpu_seconds for stretch in stretches(work, began, others) if stretch.others > BUSY)
