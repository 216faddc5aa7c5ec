"""What beats of recorded days knew of the load, or would have known. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from statistics import fmean
from zoneinfo import ZoneInfo

from flows.decisions.load import Load, Usual
from flows.decisions.pacing import REMEMBERED
from flows.decisions.slots import BEAT
from flows.decisions.usual import UsualLoad
from flows.replay.recorded import Recorded
from tasks.builtin.analysis.expected import Expected
from tasks.store.measurements import Reading

#: As beats do it (flows.readings): how far back readings decide anything, and are learned from.
BACK, LEARNED = timedelta(hours=12), timedelta(days=14)
_SECONDS = BEAT.total_seconds()


class RecordedLoad:
    """The load of recorded days, asked for one beat after the other.

    Where a beat has no reading of its own, the last one before it stands for it. What is usual is learned as
    time passes; `exactly`: anew for each beat that goes by it, from two weeks.
    """

    def __init__(self, recorded: Recorded, zone: ZoneInfo, *, exactly: bool) -> None:
        self._recorded, self._zone, self._exactly = recorded, zone, exactly
        self._of_beats = [reading for reading in recorded.readings if reading.of_beat]
        self._means = _means(recorded.readings)
        self._learned, self._count = UsualLoad(zone), 0

    def __call__(self, at: datetime, durations: Mapping[str, Expected]) -> Load:
        """Return what the beat at a time knew, or would have known."""
        usual = self._learned_anew(at) if self._exactly else self._learned_further(at)
        return Load(self._readings(at), usual, durations)

    def _readings(self, at: datetime) -> list[Reading]:
        """Return the readings of the last beats, of which the last one is that of this beat."""
        end = bisect_right(self._of_beats, at, key=lambda reading: reading.at)
        known = self._of_beats[max(0, end - REMEMBERED - 1) : end]
        own = known[-1] if known else None
        if own is None or at - own.at > BEAT / 2:
            if (own := self._recorded.reading(at)) is None:
                return []
            known.append(own)
        return [reading for reading in known if reading.at >= at - BACK]

    def _learned_further(self, at: datetime) -> Usual:
        """Return what is usual by all that is known by now."""
        while self._count < len(self._means) and self._means[self._count][0] + BEAT <= at:
            self._learned.add(*self._means[self._count])
            self._count += 1
        return self._learned

    def _learned_anew(self, at: datetime) -> Usual:
        """Return the same as a beat at this time learned it, once it is asked for."""
        found: list[UsualLoad] = []

        def usual(time: datetime) -> float | None:
            if not found:
                found.append(self._as_of(at))
            return found[0](time)

        return usual

    def _as_of(self, at: datetime) -> UsualLoad:
        usual = UsualLoad(self._zone)
        first = bisect_left(self._means, _stretch(at - LEARNED), key=lambda mean: mean[0])
        now = _stretch(at)
        for start, mean in self._means[first:]:
            if start >= now:
                break
            usual.add(start, mean)
        begun = bisect_left(self._recorded.readings, now, key=lambda reading: reading.at)
        ended = bisect_left(self._recorded.readings, at, key=lambda reading: reading.at)
        if under_way := [r.others for r in self._recorded.readings[begun:ended] if r.others is not None]:
            usual.add(now, fmean(under_way))
        return usual


def _stretch(time: datetime) -> datetime:
    """Return when the five minutes began that a time lies in."""
    return datetime.fromtimestamp(time.timestamp() // _SECONDS * _SECONDS, UTC)


def _means(readings: Iterable[Reading]) -> list[tuple[datetime, float]]:
    """Return others' mean use of the CPU in each five minutes that have a reading, oldest first."""
    known = [(reading.at, reading.others) for reading in readings if reading.others is not None]
    return [
        (start, fmean(others for _, others in together))
        for start, together in groupby(known, key=lambda each: _stretch(each[0]))
    ]
