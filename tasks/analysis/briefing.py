"""The briefing: what happened lately, as Markdown, with what needs attention first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from tasks.analysis.digest import FigureDigest, GroupDigest, ServiceDigest
from tasks.markdown import escaped, table

#: A service that answered less than this part of the requests needs attention, even if it is up again.
AVAILABLE = 0.99
#: A figure of the machine that reached this percentage needs attention.
HIGH = 90.0


@dataclass(frozen=True, slots=True)
class Briefing:
    """What happened in the `hours` before `at`.

    `groups` is None if Prefect could not be asked, `services` and `machine` are if the store could not
    be read; `faults` then says why, each as a clause for people.
    """

    at: datetime
    hours: float
    zone: ZoneInfo
    groups: tuple[GroupDigest, ...] | None
    services: tuple[ServiceDigest, ...] | None
    machine: tuple[FigureDigest, ...] | None
    faults: tuple[str, ...] = ()

    @property
    def attention(self) -> list[str]:
        """What the user should look at, one clause each; empty if all is well."""
        return [
            *self.faults,
            *self._of_groups(),
            *chain.from_iterable(self._of_service(service) for service in self.services or ()),
            *(
                f"{figure.what} reached {figure.highest:.0f} %"
                for figure in self.machine or ()
                if figure.highest >= HIGH
            ),
        ]

    @property
    def summary(self) -> str:
        """One line: how many runs, and what needs attention first."""
        runs = "history unknown" if self.groups is None else f"{sum(g.runs for g in self.groups)} runs"
        attention = self.attention
        more = f" (and {len(attention) - 1} more)" if len(attention) > 1 else ""
        return f"{runs} in {self.hours:g} h; " + (
            f"{attention[0]}{more}" if attention else "nothing needs attention"
        )

    def to_markdown(self) -> str:
        """The whole briefing."""
        attention = [f"- {escaped(clause)}" for clause in self.attention] or ["Nothing."]
        sections = [
            f"# Briefing, {self.at.astimezone(self.zone):%Y-%m-%d %H:%M}",
            f"The last {self.hours:g} hours. Times are in {escaped(self.zone.key)}.",
            "## Needs attention\n\n" + "\n".join(attention),
            "## Groups\n\n" + self._groups(),
            "## Services\n\n" + self._services(),
            "## Machine\n\n" + self._machine(),
        ]
        return "\n\n".join(sections) + "\n"

    def _of_groups(self) -> Iterator[str]:
        if self.groups is not None and not any(group.runs for group in self.groups):
            yield f"nothing ran in the last {self.hours:g} hours"
        for group in self.groups or ():
            if group.last_failure:
                yield (
                    f"{group.group} failed in {group.failed} of {group.runs} runs, "
                    f"last at {self._time(group.last_failure)}"
                )
            if group.waits and not group.runs:
                yield f"{group.group} never ran; it waited {group.waits} times, mostly: {group.reason}"

    def _of_service(self, service: ServiceDigest) -> Iterator[str]:
        latest = service.latest
        if not latest.ok:
            yield f"{service.endpoint} was down when last asked, at {self._time(latest.at)}: {latest.error}"
        elif service.availability < AVAILABLE:
            yield f"{service.endpoint} answered only {service.availability:.1%} of {service.asked} requests"

    def _groups(self) -> str:
        if self.groups is None:
            return "The history could not be reached."
        if not any(group.runs or group.waits for group in self.groups):
            return f"Nothing ran in the last {self.hours:g} hours."
        headers = ("group", "runs", "completed", "failed", "waits", "mostly because", "mean", "longest")
        rows = [
            (
                *(group.group, str(group.runs), str(group.completed), str(group.failed), str(group.waits)),
                *(group.reason, _seconds(group.mean_seconds), _seconds(group.longest_seconds)),
            )
            for group in self.groups
        ]
        return table(headers, rows)

    def _services(self) -> str:
        if self.services is None:
            return "The measurements could not be read."
        rows = [
            (
                service.endpoint,
                "up" if service.latest.ok else "down",
                self._time(service.latest.at),
                f"{service.availability:.1%} of {service.asked}",
                "–" if service.mean_latency is None else f"{service.mean_latency * 1000:.0f} ms",
            )
            for service in self.services
        ]
        headers = ("service", "latest", "at", "available", "mean latency")
        return table(headers, rows) if rows else "No service was asked."

    def _machine(self) -> str:
        if self.machine is None:
            return "The measurements could not be read."
        rows = [
            (figure.what, *(f"{value:.0f} %" for value in (figure.mean, figure.highest, figure.latest)))
            for figure in self.machine
        ]
        return table(("figure", "mean", "highest", "latest"), rows) if rows else "Nothing was measured."

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%m-%d %H:%M}"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"
