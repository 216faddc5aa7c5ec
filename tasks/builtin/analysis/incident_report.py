"""What was unusual anywhere over some hours, for people: one row an incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.episodes import Episode
from tasks.builtin.analysis.incidents import Incident
from tasks.builtin.analysis.series import LATENCY, Series
from tasks.markdown import escaped, table

_MOST = 20  # rows of the report; a log and a page have an end
_FEW = 5  # names of series that are not judged yet


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """The incidents that were not over at the beginning of these hours, in order.

    `judged` is how many series there are enough values of, endpoints apart; `unjudged` names the others.
    """

    zone: ZoneInfo
    incidents: tuple[Incident, ...]
    judged: int
    unjudged: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> list[Incident]:
        """Those that are worth an alert, and not about endpoints alone."""
        return [each for each in self.incidents if each.alert and not all(map(_is_endpoint, each.members))]

    @property
    def clause(self) -> str:
        """What is to be added to a sentence about endpoints; empty if there is nothing."""
        count = len(self.elsewhere)
        if not count:
            return ""
        return f"; {count} {'incident' if count == 1 else 'incidents'} of steps, groups and the machine"

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        are = "is" if self.judged == 1 else "are"
        known = f"{self.judged} series of steps, groups and the machine {are} judged."
        if self.unjudged:
            names = ", ".join(self.unjudged[:_FEW])
            more = len(self.unjudged) - _FEW
            names += f" and {more} more" if more > 0 else ""
            known += f" Not yet, for want of values: {names}."
        shown = self.incidents[-_MOST:]
        more = len(self.incidents) - len(shown)
        rows = [(self._time(each.start), self._time(each.end), each.text) for each in reversed(shown)]
        return "\n\n".join(
            [
                "## Incidents",
                escaped(known),
                table(("from", "to", "what"), rows) if rows else "Nothing was unusual.",
                *([f"{more} earlier ones are left out."] if more > 0 else []),
            ]
        )

    def line(self, incident: Incident) -> str:
        """Return one line about an incident, for a log."""
        return f"{self._time(incident.start)}: {incident.text}"

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%m-%d %H:%M}"


def incident_report(
    zone: ZoneInfo, incidents: Sequence[Incident], since: datetime, series: Sequence[Series]
) -> IncidentReport:
    """Given all incidents and series, return the report of the time since `since`."""
    unjudged = tuple(dict.fromkeys(each.of.name for each in series if not each.is_judged))
    return IncidentReport(
        zone,
        tuple(incident for incident in incidents if incident.end >= since),
        sum(each.is_judged for each in series),
        unjudged,
    )


def _is_endpoint(member: Episode) -> bool:
    return member.of.measure is LATENCY
