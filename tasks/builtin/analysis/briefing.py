"""The briefing: what happened lately, as Markdown, with what needs attention first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from humanize import naturalsize

from tasks.builtin.analysis.anomalies import Anomaly
from tasks.builtin.analysis.deferrals import Deferral
from tasks.builtin.analysis.digest import FigureDigest, GroupDigest, ServiceDigest, StepDigest
from tasks.builtin.analysis.outgrowing import Outgrowing
from tasks.markdown import escaped, table

#: A service that answered less than this part of the requests needs attention, even if it is up again.
AVAILABLE = 0.99
#: A figure of the machine that reached this percentage needs attention.
HIGH = 90.0
#: A step that took so many times as long as usual, and that many seconds longer, needs attention.
SLOWER, SLOWER_BY = 2.0, 5.0
#: The longest steps that are listed.
LISTED = 15


@dataclass(frozen=True, slots=True)
class Briefing:
    """What happened in the `hours` before `at`.

    `groups` is None if neither the store nor Prefect could be asked, the others are if the store could
    not be read; `faults` then says why, each as a clause for people. So does each of `incidents`, with its
    time; what takes part in them (addresses as `tasks.builtin.analysis.series` has them) is not said again.
    """

    at: datetime
    hours: float
    zone: ZoneInfo
    groups: tuple[GroupDigest, ...] | None
    services: tuple[ServiceDigest, ...] | None
    machine: tuple[FigureDigest, ...] | None
    steps: tuple[StepDigest, ...] | None = None
    anomalies: tuple[Anomaly, ...] = ()
    outgrowing: tuple[Outgrowing, ...] = ()
    faults: tuple[str, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    incidents: tuple[str, ...] = ()
    in_incidents: frozenset[str] = frozenset()

    @property
    def attention(self) -> list[str]:
        """What the user should look at, one clause each, the most urgent first; empty if all is well."""
        return [
            *self.faults,
            *(clause for service in self._worst_first() for clause in self._of_service(service)),
            *self._of_groups(),
            *self.incidents,
            *(clause for step in self._other_steps() for clause in _of_step(step)),
            *(each.sentence(self.at, self.zone) for each in self.outgrowing),
            *map(_of_anomaly, self.anomalies),
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
            "## Steps\n\n" + self._steps(),
            "## Machine\n\n" + self._machine(),
        ]
        if self.deferrals:
            advice = "\n".join(f"- {escaped(str(each))}" for each in self.deferrals)
            sections.append(f"## Quieter times\n\n{advice}")
        return "\n\n".join(sections) + "\n"

    def _worst_first(self) -> list[ServiceDigest]:
        return sorted(self.services or (), key=lambda service: service.latest.ok)

    def _other_steps(self) -> Iterator[StepDigest]:
        for step in self.steps or ():
            if f"step/{step.group}/{step.step}" not in self.in_incidents:
                yield step

    def _of_groups(self) -> Iterator[str]:
        if self.groups is not None and not any(group.runs for group in self.groups):
            yield f"nothing ran in the last {self.hours:g} hours"
        for group in self.groups or ():
            if group.last_failure:
                why = f": {group.last_fault}" if group.last_fault else ""
                yield (
                    f"{group.group} failed in {group.failed} of {group.runs} runs, "
                    f"last at {self._time(group.last_failure)}{why}"
                )
            elif group.warned:
                yield f"{group.group} warned in {group.warned} of {group.runs} runs: {group.last_fault}"
            if group.waits and not group.runs:
                yield f"{group.group} never ran; it waited {group.waits} times, mostly: {group.reason}"

    def _of_service(self, service: ServiceDigest) -> Iterator[str]:
        latest = service.latest
        if not latest.ok:
            yield f"{service.endpoint} was down when last asked, at {self._time(latest.at)}: {latest.error}"
        elif service.availability < AVAILABLE:
            yield f"{service.endpoint} answered only {service.availability:.1%} of {service.asked} requests"
        if service.breaker != "closed":
            yield f"the breaker of {service.endpoint} is {service.breaker}"

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
                _milliseconds(service.mean_latency),
                _milliseconds(service.p95),
                f"{service.breaker}, opened {service.opened} times" if service.opened else service.breaker,
            )
            for service in self.services
        ]
        headers = ("service", "latest", "at", "available", "mean", "P95", "breaker")
        return table(headers, rows) if rows else "No service was asked."

    def _steps(self) -> str:
        if self.steps is None:
            return "The measurements could not be read."
        rows = [
            (
                *(f"{step.group} / {step.step}", str(step.runs), str(step.failed), str(step.retries)),
                *(_seconds(step.mean_seconds), _seconds(step.usual_seconds), _seconds(step.longest_seconds)),
                *(_seconds(step.cpu_seconds), naturalsize(step.peak_memory, binary=True)),
            )
            for step in self.steps[:LISTED]
        ]
        headers = ("step", "runs", "failed", "retries", "mean", "usual", "longest", "CPU", "memory at most")
        more = f"\n\n… and {len(self.steps) - LISTED} shorter ones." if len(self.steps) > LISTED else ""
        return table(headers, rows) + more if rows else "No step ran."

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


def _of_step(step: StepDigest) -> Iterator[str]:
    usual = step.usual_seconds
    if usual and step.mean_seconds > max(SLOWER * usual, usual + SLOWER_BY):
        times = f"{step.mean_seconds / usual:.1f} times its usual {usual:.1f} s"
        yield f"{step.group} / {step.step} took {step.mean_seconds:.1f} s, {times}"


def _of_anomaly(anomaly: Anomaly) -> str:
    way = "more" if anomaly.is_more else "less"
    return (
        f"{anomaly.what} was {way} than usual: {_figure(anomaly.value)} instead of {_figure(anomaly.usual)}"
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.0f} ms"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"
