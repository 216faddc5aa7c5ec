"""When what is measured was unusual, and from when to when: troubles close together are one episode."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.news import REST, WITHIN, News
from tasks.builtin.analysis.series import Measure, Series, Subject
from tasks.builtin.analysis.spikes import Detector, Times
from tasks.store.measurements import Probe

#: Troubles at most this far apart are one episode; several times as long as probes usually are apart, …
GAP = timedelta(hours=1)
#: … and of what is measured more seldom, twice as far as two values usually are.
DISTANCES = 2
#: So many failures in a row, at different moments, are trouble; fewer are bad luck. A breaker thinks so too.
FAILURES = 3
#: In ratios, a spike deviates so many times as much as all but the rarest. With that, calm log-normal
#: latencies and durations of any scatter give less than one alert in 1,000 and those with a tail as x^-3
#: about one, however often they are measured (`python -m tests.bench spikes`); a bound of differences gives
#: up to four.
RATIO_TIMES = Times(2.5, 2.1)
#: What has caused alerts within so many values is known, if these take longer than `WITHIN`.
KNOWN = 1_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """A value that was too high, or one of a row of failures.

    `value` is in the unit of its measure, 0 for a failure. It was so from `at` to `end`, which is later if
    it is itself a time. `expected` is what was to be expected; None with a failure, or if a fixed threshold
    decided. `before` is when the series was last as usual; None if it never was. `is_news` is true for a
    spike that is worth an alert. `fault` is why there is no value; empty for a spike.
    """

    at: datetime
    end: datetime
    value: float
    expected: float | None = None
    before: datetime | None = None
    is_news: bool = False
    fault: str = ""

    @property
    def is_spike(self) -> bool:
        """Whether there was a value, and it was too high."""
        return not self.fault


@dataclass(frozen=True, slots=True)
class Episode:
    """Troubles of one subject that lie close together, oldest first."""

    of: Subject
    troubles: tuple[Trouble, ...]

    @property
    def name(self) -> str:
        """What it is about."""
        return self.of.name

    @property
    def start(self) -> datetime:
        """When the first trouble began."""
        return self.troubles[0].at

    @property
    def end(self) -> datetime:
        """When the last trouble was seen, or ended."""
        return self.troubles[-1].end

    @property
    def before(self) -> datetime | None:
        """When all was last as usual before it; None if it never was."""
        return self.troubles[0].before

    @property
    def spikes(self) -> int:
        """How many values were too high."""
        return sum(trouble.is_spike for trouble in self.troubles)

    @property
    def failures(self) -> int:
        """How many values there were none of."""
        return len(self.troubles) - self.spikes

    @property
    def alert(self) -> datetime | None:
        """When it was worth an alert for the first time; None if it never was."""
        return next((trouble.at for trouble in self.troubles if trouble.is_news), None)

    @property
    def worst(self) -> Trouble:
        """The highest value; a failure if there was none."""
        return max(self.troubles, key=lambda trouble: trouble.value)


def spikes(series: Series, zone: ZoneInfo, fixed: float | None = None) -> Iterator[Trouble]:
    """Yield the values that are too high: above `fixed` if it is given, else those that the detector finds.

    For it, hours of the day are those of `zone`.
    """
    measure = series.of.measure
    detector, chosen = _detector(measure), News(within=max(WITHIN, KNOWN * series.every))
    before = None
    for at, value in series.points:
        end = at + timedelta(seconds=value) if measure.in_seconds else at
        if fixed is not None:
            if value > fixed:
                yield Trouble(at, end, value, before=before, is_news=chosen.is_news(at, value))
            else:
                before = at
            continue
        verdict = detector.judge(at.astimezone(zone), _scaled(value, measure))
        expected = _unscaled(verdict.expected, measure)
        # A mean of hours stays too high for a while: what is as low as ever then is no trouble.
        if verdict.is_spike and value - expected >= measure.least:
            is_news = chosen.is_news(at, verdict.strength)
            yield Trouble(at, end, value, expected, before, is_news)
        else:
            before = at


def failures(probes: Iterable[Probe]) -> Iterator[Trouble]:
    """Given the probes of one endpoint, oldest first, yield those that failed in a row."""
    before = None
    for ok, row in groupby(probes, key=lambda probe: probe.ok):
        found = list(row)
        if ok:
            before = found[-1].at
        elif len({probe.at for probe in found}) >= FAILURES:
            for probe in found:
                yield Trouble(probe.at, probe.at, 0.0, before=before, fault=probe.error or "no answer")


def episodes(series: Series, found: Iterable[Trouble]) -> list[Episode]:
    """Given the troubles of a series, return its episodes, in order."""
    gap = max(GAP, DISTANCES * series.every)
    rows: list[list[Trouble]] = []
    for trouble in sorted(found, key=lambda trouble: trouble.at):
        if rows and trouble.at - rows[-1][-1].at <= gap:
            rows[-1].append(trouble)
        else:
            rows.append([trouble])
    return [Episode(series.of, tuple(row)) for row in rows]


def episodes_of(many: Iterable[Series], zone: ZoneInfo) -> list[Episode]:
    """Return the episodes of many series."""
    return [episode for series in many for episode in episodes(series, spikes(series, zone))]


def is_fresh(episode: Episode, until: datetime | None) -> bool:
    """Return whether an episode is to be alerted of: it is worth it, and no alert lies within `REST` before.

    `until` is the time of the last alert. A later look at the same past may find that an episode began
    later than first thought; it is no news then either.
    """
    return episode.alert is not None and (until is None or episode.alert - until >= REST)


def _detector(measure: Measure) -> Detector:
    if measure.is_ratio:
        return Detector(least=math.log1p(measure.least_part), least_part=0.0, times=RATIO_TIMES)
    return Detector(least=measure.least, least_part=measure.least_part)


def _scaled(value: float, measure: Measure) -> float:
    """Return what the detector sees: of ratios the logarithm, in which what is below `least` is alike."""
    return math.log(max(value, 0.0) + measure.least) if measure.is_ratio else value


def _unscaled(value: float, measure: Measure) -> float:
    return max(math.exp(value) - measure.least if measure.is_ratio else value, 0.0)
