"""Incidents: what several series did at the same time is one of them, and not one alert for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.builtin.analysis.episodes import Episode, is_fresh

#: How much later than the first what moves with it may begin: six beats, in which most of what is measured
#: is measured at least once.
LAG = timedelta(minutes=30)
#: How many members are named in a sentence.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Incident:
    """Episodes of different subjects that belong together, the first to move first."""

    members: tuple[Episode, ...]

    @property
    def first(self) -> Episode:
        """What moved first."""
        return self.members[0]

    @property
    def start(self) -> datetime:
        """When the first of them began."""
        return self.first.start

    @property
    def end(self) -> datetime:
        """When the last of them ended."""
        return max(member.end for member in self.members)

    @property
    def alert(self) -> datetime | None:
        """When it was worth an alert for the first time; None if it never was."""
        return min((member.alert for member in self.members if member.alert), default=None)

    @property
    def text(self) -> str:
        """One clause: what moved, from the first on, how far, and what is usual."""
        first, *others = [sentence(member) for member in self.members[:NAMED]]
        more = len(self.members) - NAMED
        others += [f"and {more} more"] if more > 0 else []
        return f"{first}; then {'; '.join(others)}" if others else first


def sentence(episode: Episode) -> str:
    """Return what happened to one subject: "backup.ps1 took 4 min 10 s, usually 40 s"."""
    measure, worst = episode.of.measure, episode.worst
    if worst.fault:
        return f"{episode.name} failed {episode.failures} times in a row ({worst.fault})"
    usual = "" if worst.expected is None else f", usually {measure.text(worst.expected)}"
    return f"{episode.name} {measure.verb} {measure.text(worst.value)}{measure.after}{usual}"


def incidents(found: Iterable[Episode]) -> list[Incident]:
    """Given the episodes of all subjects, return the incidents, in the order in which they began.

    An episode belongs to an incident that began before it and was not over for longer than `LAG`, unless its
    own subject has been as usual for longer than `LAG` since that began: a slow day is not to blame for all
    that goes wrong on it. A group is not named beside a step of its own: it takes longer because of that.
    """
    rows: list[list[Episode]] = []
    for episode in sorted(found, key=lambda episode: (episode.start, episode.end, episode.of.address)):
        row = next((row for row in reversed(rows) if _belongs(episode, row)), None)
        if row is None:
            rows.append([episode])
        else:
            row.append(episode)
    return [Incident(tuple(_without_sums(row))) for row in rows]


def news(
    found: Iterable[Incident], until: Mapping[str, datetime]
) -> tuple[list[Incident], dict[str, datetime]]:
    """Given incidents in order, return those to alert of, and when was alerted of each subject last.

    `until` is that of before, by address. An incident is one alert: that of a member that has been reported
    is no news, whatever joins it.
    """
    last = dict(until)
    fresh = []
    for incident in found:
        is_known = any(
            (before := last.get(member.of.address)) is not None and before >= member.start - LAG
            for member in incident.members
        )
        if not is_known and any(is_fresh(member, last.get(member.of.address)) for member in incident.members):
            fresh.append(incident)
        for member in incident.members:
            if is_fresh(member, last.get(member.of.address)) and member.alert:
                last[member.of.address] = member.alert
    return fresh, last


def _belongs(episode: Episode, row: Sequence[Episode]) -> bool:
    if episode.of in (member.of for member in row):
        return False
    goes_on = episode.start <= max(member.end for member in row) + LAG
    return goes_on and (episode.before is None or episode.before <= row[0].start + LAG)


def _without_sums(row: Sequence[Episode]) -> list[Episode]:
    parts = {member.of.part_of for member in row}
    return [member for member in row if member.of.address not in parts]
