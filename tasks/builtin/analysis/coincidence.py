"""What happens when an endpoint is slow: which steps run, at what hour; and what to do about it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.episodes import GAP, Episode
from tasks.builtin.analysis.slope import thinned
from tasks.store.measurements import StepUsage

#: A step is felt for so long after its end: caches are cold, disks still write.
AFTERMATH = timedelta(minutes=5)
#: Fewer incidents than this are no pattern.
ENOUGH = 3
#: A step, or an hour, is suspect if this part of all incidents fall to it, …
MOSTLY = 0.5
#: … and if that is so many times the part of all answers that do: what always runs explains nothing.
TIMES = 2.0
#: Of so many answers, evenly spread, the part is taken.
_ANSWERS = 2_000


@dataclass(frozen=True, slots=True)
class Suspect:
    """A step that ran when an endpoint's trouble began: in `seen` of `incidents`.

    It also ran at the part `usual` (0 to 1) of all times at which the endpoint was asked. `first` and
    `last` are the earliest and latest times of day ("03:00") at which it began to run then.
    """

    step: str
    seen: int
    incidents: int
    usual: float
    first: str
    last: str


class Runs:
    """When steps ran."""

    def __init__(self, steps: Iterable[StepUsage]) -> None:
        self._runs: dict[str, list[tuple[datetime, datetime]]] = {}
        for step in sorted(steps, key=lambda step: step.at):
            end = step.at + timedelta(seconds=step.seconds)
            self._runs.setdefault(step.step, []).append((step.at, end))

    @property
    def names(self) -> list[str]:
        """The steps that ran, by name."""
        return sorted(self._runs)

    def at(self, step: str, time: datetime) -> datetime | None:
        """Return when the step began that ran then or had just ended; None if none did."""
        runs = self._runs[step]
        place = bisect_right(runs, time, key=lambda run: run[0]) - 1
        if place < 0 or time > runs[place][1] + AFTERMATH:
            return None
        return runs[place][0]

    def during(self, incident: Episode) -> list[str]:
        """Return the steps that ran when an incident's troubles were seen, by name."""
        times = [trouble.at for trouble in incident.troubles]
        return [step for step in self.names if any(self.at(step, time) for time in times)]


def suspects(
    incidents: Sequence[Episode], answers: Sequence[datetime], runs: Runs, zone: ZoneInfo
) -> Iterator[Suspect]:
    """Given an endpoint's incidents and when it was asked in all, yield the steps that may be their cause."""
    if len(incidents) < ENOUGH:
        return
    sample = thinned(answers, _ANSWERS)
    for step in runs.names:
        # At their start: what runs later in an incident may do so because of it, as a restart does.
        begun = [begin for incident in incidents if (begin := runs.at(step, incident.start))]
        seen = len(begun)
        usual = sum(runs.at(step, at) is not None for at in sample) / max(len(sample), 1)
        if seen >= max(ENOUGH, MOSTLY * len(incidents)) and seen / len(incidents) >= TIMES * usual:
            times = sorted(f"{begin.astimezone(zone):%H:%M}" for begin in begun)
            yield Suspect(step, seen, len(incidents), usual, times[0], times[-1])


def busiest_hour(
    incidents: Sequence[Episode], answers: Sequence[datetime], zone: ZoneInfo
) -> tuple[int, int] | None:
    """Return the hour of the day that most incidents begin in, on different days, and how many; if any."""
    days = {
        (incident.start.astimezone(zone).date(), incident.start.astimezone(zone).hour)
        for incident in incidents
    }
    if not days:
        return None
    hour, count = Counter(hour for _, hour in days).most_common(1)[0]
    sample = thinned(answers, _ANSWERS)
    usual = sum(at.astimezone(zone).hour == hour for at in sample) / max(len(sample), 1)
    if count < max(ENOUGH, MOSTLY * len(incidents)) or count / len(incidents) < TIMES * usual:
        return None
    return hour, count


def recommendations(
    endpoint: str, incidents: Sequence[Episode], answers: Sequence[datetime], runs: Runs, zone: ZoneInfo
) -> list[str]:
    """Return what to do about an endpoint's incidents, one sentence each, the most telling first.

    `answers` are the times at which it was asked, in order, the last of them now.
    """
    said = []
    for suspect in sorted(suspects(incidents, answers, runs, zone), key=lambda each: each.usual):
        when = f"at {suspect.first}" if suspect.first == suspect.last else f"{suspect.first}–{suspect.last}"
        said.append(
            f"{endpoint} gets into trouble when {suspect.step} runs ({when}): so it did in {suspect.seen} of "
            f"{suspect.incidents} incidents, but at {suspect.usual:.0%} of all requests. Move it, or give it "
            "less to do at once."
        )
    if not said and (busiest := busiest_hour(incidents, answers, zone)):
        hour, count = busiest
        said.append(
            f"{count} of {len(incidents)} incidents of {endpoint} begin between {hour:02}:00 and "
            f"{(hour + 1) % 24:02}:00, and none of Rhythm's steps explains it: look for what else runs then."
        )
    if incidents and answers and answers[-1] - incidents[-1].end <= GAP:
        said.append(_going_on(incidents[-1], zone))
    return said


def _going_on(incident: Episode, zone: ZoneInfo) -> str:
    since = f"{incident.start.astimezone(zone):%m-%d %H:%M}"
    if incident.failures > incident.spikes:
        return f"{incident.name} may still be down (since {since}): see its log, or let Rhythm restart it."
    return f"{incident.name} may still be slow (since {since}): look at it now with diagnose_performance."
