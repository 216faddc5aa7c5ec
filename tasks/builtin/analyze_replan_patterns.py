"""How often and why the schedule was replanned, and what to change.

From what beats have decided and what steps have cost, and from an event ledger in JSON lines, if
`[replans] ledger` names one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tasks.builtin.analysis import ledger
from tasks.builtin.analysis.replans import ENOUGH, Replans, analyze
from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.markdown import escaped, table
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.store import StoreError, store_of

_LONGEST_HOURS = 90 * 24.0
_LISTED = 5
#: A ledger whose reasons all differ takes no more memory than so many of them.
_CAUSES, _OTHER = 1000, "other causes"
#: How far the clocks of two machines may be apart.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What the ledger holds of the hours: events, replans among them by cause and by hour of the day.

    `faults` says which lines are not events, or why the ledger cannot be read; empty if all is well.
    """

    path: Path
    hours: float
    events: int = 0
    causes: tuple[tuple[str, int], ...] = ()
    by_hour: tuple[tuple[int, int], ...] = ()
    faults: str = ""

    @property
    def replans(self) -> int:
        """How many of the events are replans."""
        return sum(count for _, count in self.causes)

    @property
    def summary(self) -> str:
        """One line: how many replans, how often, and the most common cause."""
        rate = f"{self.replans / self.hours:.1f} an hour"
        said = f"ledger: {self.replans} of {self.events} events are replans, {rate}"
        if self.causes:
            said += f", mostly: {self.causes[0][0]}"
        if self.by_hour:
            hour, count = max(self.by_hour, key=lambda each: each[1])
            said += f", most from {hour:02}:00 ({count})"
        return said


@dataclass(frozen=True, slots=True)
class PatternsReport:
    """The replans of the last `hours`, and those of the ledger, if there is one."""

    hours: float
    replans: Replans
    ledger: LedgerReport | None

    @property
    def summary(self) -> str:
        """One line: how often groups that were due were blocked, and what to change first."""
        findings = []
        if self.replans.due < ENOUGH:
            findings.append(f"too little data: groups were due {self.replans.due} times in {self.hours:g} h")
        else:
            rate = self.replans.held / self.replans.due
            findings.append(
                f"{rate:.0%} of {self.replans.due} times a group was due in {self.hours:g} h it was blocked"
            )
            advice = self.replans.recommendations
            findings.append(advice[0] if advice else "nothing to change")
        if self.ledger:
            findings.append(self.ledger.summary)
        return "; ".join(findings)

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        sections = ["## Replans", escaped(self.summary)]
        if advice := self.replans.recommendations:
            sections.append("\n".join(f"- {escaped(clause)}" for clause in advice))
        rows = [
            (
                *(each.group, str(each.due), str(each.ran), str(each.failed), f"{each.rate:.0%}"),
                "; ".join(f"{cause} ({count})" for cause, count in each.causes[:_LISTED]),
            )
            for each in self.replans.groups
        ]
        if rows:
            sections.append(table(("group", "due", "ran", "failed", "blocked", "because"), rows))
        if self.replans.sequences:
            again = [(str(each), str(each.count)) for each in self.replans.sequences]
            sections.append(table(("one after the other", "times"), again))
        if self.ledger and self.ledger.causes:
            causes = [(cause, str(count)) for cause, count in self.ledger.causes[:_LISTED]]
            sections.append(table(("replans of the ledger because of", "times"), causes))
        if self.ledger and self.ledger.faults:
            sections.append(escaped(self.ledger.faults))
        return "\n\n".join(sections)


def patterns(settings: Settings, now: datetime, *, hours: float) -> PatternsReport:
    """Analyze the last `hours`.

    Raises:
        StoreError: what beats have decided cannot be read.
    """
    since = now.astimezone(UTC) - timedelta(hours=hours)
    with store_of(settings) as store:
        decisions, steps = store.decisions(since, but=("not_due", "paused")), store.steps(since)
    path = settings.replans.ledger
    findings = read_ledger(path, now, hours, settings.zone) if path else None
    return PatternsReport(hours, analyze(decisions, steps, settings.zone), findings)


def read_ledger(path: Path, now: datetime, hours: float, zone: ZoneInfo) -> LedgerReport:
    """Read a ledger line by line, however long it is. One that cannot be read is reported, not raised."""
    since, until = now.astimezone(UTC) - timedelta(hours=hours), now + _AHEAD
    reading = ledger.LedgerSummary()
    events = 0
    causes: Counter[str] = Counter()
    by_hour: Counter[int] = Counter()
    try:
        with path.open("rb") as file:
            for event in ledger.read(ledger.lines_of(file), since, until, zone, reading):
                events += 1
                if event.is_replan:
                    why = event.reason or event.type
                    causes[why if why in causes or len(causes) < _CAUSES else _OTHER] += 1
                    by_hour[event.at.astimezone(zone).hour] += 1
    except OSError as error:
        return LedgerReport(path, hours, faults=f"the ledger {path} cannot be read ({error.strerror})")
    found = tuple(causes.most_common()), tuple(sorted(by_hour.items()))
    return LedgerReport(path, hours, events, *found, reading.faults)


def main(argv: Sequence[str], context: Context) -> str:
    """Analyze and report. What to change are warnings."""
    parser = Parser("analyze_replan_patterns", "How often and why the schedule was replanned.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=168.0, help="how far back (168)")
    hours: float = parser.parse_args(argv).hours

    try:
        found = patterns(context.settings, context.now(), hours=hours)
    except StoreError as error:
        raise StepFailedError(f"past decisions could not be read: {error}") from error
    for clause in found.replans.recommendations:
        context.log.warning("%s", clause)
    for sequence in found.replans.sequences:
        context.log.info("%s times: %s", sequence.count, sequence)
    if found.ledger and found.ledger.faults:
        context.log.warning("%s", found.ledger.faults)
    context.publish(Report(found.to_markdown()))
    return found.summary
