"""What an endpoint's latencies were like over some hours, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from statistics import median
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.coincidence import Runs, recommendations
from tasks.builtin.analysis.deviations import ENOUGH
from tasks.builtin.analysis.episodes import Episode, Trouble, episodes, failures, spikes
from tasks.builtin.analysis.series import latencies, milliseconds
from tasks.markdown import escaped, table
from tasks.store.measurements import Probe

_MOST_INCIDENTS = 20  # rows of the report; a log and a page have an end


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """One endpoint over the report's hours. Seconds throughout.

    `is_judged` is false if there were too few answers to establish what is usual. `incidents` are those that
    touch the hours, with the names of the steps that ran then; `advice` rests on the whole look-back, of
    which `episodes` are all.
    """

    endpoint: str
    answers: int
    median: float | None
    is_judged: bool
    incidents: tuple[tuple[Episode, tuple[str, ...]], ...]
    by_hour: dict[int, int]
    advice: tuple[str, ...]
    episodes: tuple[Episode, ...] = ()

    @property
    def spikes(self) -> int:
        """How many answers came far too late in these hours."""
        return sum(self.by_hour.values())

    @property
    def failures(self) -> int:
        """How many answers did not come at all in these incidents."""
        return sum(incident.failures for incident, _ in self.incidents)

    @property
    def usual(self) -> str:
        """The median latency, as text."""
        return "–" if self.median is None else milliseconds(self.median)


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """The endpoints that were asked in the `hours` before `at`, by name."""

    at: datetime
    hours: float
    zone: ZoneInfo
    endpoints: tuple[EndpointReport, ...]

    @property
    def summary(self) -> str:
        """One line: how many spikes where, or why nothing is known."""
        lately = f"in the last {self.hours:g} h"
        if not self.endpoints:
            return f"no endpoint was asked {lately}"
        judged = [each for each in self.endpoints if each.is_judged]
        if not judged:
            return f"too little data: no endpoint has more than {ENOUGH} answers yet"
        spiky = [f"{each.endpoint} {each.spikes}" for each in judged if each.spikes]
        said = (
            "no spikes"
            if not spiky
            else f"{_count(sum(e.spikes for e in judged), 'spike')} ({', '.join(spiky)})"
        )
        few = len(self.endpoints) - len(judged)
        rest = f"; too little data of {few} more" if few else ""
        if failing := [f"{each.endpoint} {each.failures}" for each in self.endpoints if each.failures]:
            rest += f"; failures in a row: {', '.join(failing)}"
        return f"{said} {lately} at {_count(len(judged), 'endpoint')}{rest}"

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        found = sorted(
            chain.from_iterable(each.incidents for each in self.endpoints), key=lambda row: row[0].start
        )
        advice = [f"- {escaped(sentence)}" for each in self.endpoints for sentence in each.advice]
        rows = [
            (each.endpoint, str(each.answers), each.usual, *_spike_cells(each)) for each in self.endpoints
        ]
        more = len(found) - _MOST_INCIDENTS
        return "\n\n".join(
            [
                "## Latency spikes",
                escaped(self.summary),
                *(["\n".join(advice)] if advice else []),
                *([table(("endpoint", "answers", "median", "spikes", "by hour"), rows)] if rows else []),
                *([self._incidents(found[-_MOST_INCIDENTS:])] if found else []),
                *([f"{more} earlier ones are left out."] if more > 0 else []),
            ]
        )

    def _incidents(self, found: Sequence[tuple[Episode, tuple[str, ...]]]) -> str:
        rows = [
            (
                *(incident.name, self._time(incident.start), self._time(incident.end)),
                *(str(incident.spikes), str(incident.failures), worst_of(incident), ", ".join(steps)),
            )
            for incident, steps in reversed(found)
        ]
        return table(("endpoint", "from", "to", "spikes", "failures", "worst", "steps then"), rows)

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%m-%d %H:%M}"


def report_on(
    endpoint: str,
    probes: Sequence[Probe],
    since: datetime,
    runs: Runs,
    zone: ZoneInfo,
    fixed: float | None = None,
) -> EndpointReport:
    """Given all probes of one endpoint, oldest first, report on those from `since` on.

    What came before establishes what is usual. Answers above `fixed` (seconds) are the spikes if it is given.
    """
    answers = latencies(endpoint, probes)
    found = [*spikes(answers, zone, fixed), *failures(probes)]
    all_incidents = episodes(answers, found)
    late = [latency for at, latency in answers.points if at >= since]
    slow = [trouble for trouble in found if trouble.at >= since and trouble.is_spike]
    return EndpointReport(
        endpoint=endpoint,
        answers=len(late),
        median=median(late) if late else None,
        is_judged=fixed is not None or answers.is_judged,
        incidents=tuple(
            (incident, tuple(runs.during(incident))) for incident in all_incidents if incident.end >= since
        ),
        by_hour=_by_hour(slow, zone),
        advice=tuple(recommendations(endpoint, all_incidents, [probe.at for probe in probes], runs, zone)),
        episodes=tuple(all_incidents),
    )


def describe(found: EndpointReport, zone: ZoneInfo) -> str:
    """Return one line about an endpoint: how many spikes, the worst, and the hours they fall into."""
    if not found.is_judged:
        return f"{found.endpoint}: too little data ({found.answers} answers, more than {ENOUGH} are needed)"
    of = f"of {_count(found.answers, 'answer')} (median {found.usual})"
    if not found.incidents:
        return f"{found.endpoint}: no spikes {of}"
    worst = max((incident.worst for incident, _ in found.incidents), key=lambda trouble: trouble.value)
    parts = [f"{found.endpoint}: {_count(found.spikes, 'spike')} {of}"]
    if worst.is_spike:
        parts.append(f"worst {milliseconds(worst.value)} on {worst.at.astimezone(zone):%m-%d at %H:%M}")
    if found.failures:
        parts.append(f"failures in a row: {found.failures}")
    if found.by_hour:
        parts.append(f"by hour: {_hours(found.by_hour)}")
    return "; ".join(parts)


def worst_of(incident: Episode) -> str:
    """Return an incident's slowest answer beside what was expected, as text."""
    worst = incident.worst
    if not worst.is_spike:
        return worst.fault
    expected = "" if worst.expected is None else f" (expected {milliseconds(worst.expected)})"
    return milliseconds(worst.value) + expected


def _by_hour(spikes: Sequence[Trouble], zone: ZoneInfo) -> dict[int, int]:
    return dict(sorted(Counter(trouble.at.astimezone(zone).hour for trouble in spikes).items()))


def _spike_cells(each: EndpointReport) -> tuple[str, str]:
    return (str(each.spikes), _hours(each.by_hour)) if each.is_judged else ("too little data", "")


def _hours(by_hour: dict[int, int]) -> str:
    return ", ".join(f"{hour:02}h {count}" for hour, count in by_hour.items())


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
