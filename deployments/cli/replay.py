"""`rhythm replay`: the recorded days once more, under this or another rhythm.toml. It loads no Prefect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from deployments import recorded_days
from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table
from flows import clock
from flows.decisions import timestamps
from flows.decisions.timestamps import iso
from flows.replay.figures import GroupFigures, figures
from flows.replay.recorded import Recorded
from flows.replay.replay import Replay, replay, same_runs
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.fault import StoreError

#: Over so much time, what was recorded is compared with a replay of the same: it takes longer than others.
_COMPARED = timedelta(days=7)
#: The figures of a group: what they are called, and how they read.
_FIGURES: dict[str, Callable[[GroupFigures], str]] = {
    "runs": lambda found: f"{found.runs:,}",
    "failed": lambda found: f"{found.failed:,}",
    "deferred": lambda found: f"{found.deferred:,}",
    "late": lambda found: f"{found.late:,}",
    "lost": lambda found: f"{found.lost:,}",
    "oldest": lambda found: _short(found.oldest),
    "busy CPU": lambda found: _short(found.busy_cpu),
}
#: Of each group, and of what differs under another rhythm.toml.
COLUMNS = (Column("group", Kind.NAME), *map(Column, _FIGURES))
COMPARED = (Column("group", Kind.NAME), Column(""), Column("now"), Column("then"))
_MEANING = (
    "late: slots whose run began more than 5 minutes after them; lost: slots without a run; oldest: the "
    "longest time between two completed runs; busy CPU: our CPU time while others used more than 70 %."
)


@dataclass(frozen=True)
class Outcome:
    """Replayed days: the figures of each group, and how many beats came and were skipped."""

    replayed: Replay
    figures: Mapping[str, GroupFigures]

    @classmethod
    def of(cls, settings: Settings, recorded: Recorded) -> Outcome:
        """Replay recorded days under these settings."""
        replayed = replay(settings, recorded)
        return cls(replayed, figures(replayed))

    def to_json(self) -> dict[str, Any]:
        """It, as `rhythm replay --json` prints it."""
        zone = self.replayed.settings.zone
        return {
            "skipped_beats": self.replayed.skipped,
            "groups": {name: found.to_json() for name, found in self.figures.items()},
            "decisions": dict(
                Counter(choice.decision.value for beat in self.replayed.beats for choice in beat.choices)
            ),
            "runs": [
                {
                    "group": each.run.group,
                    "slot": iso(each.run.slot.start, zone),
                    "began": iso(each.run.began, zone),
                    "seconds": round(each.run.seconds, 3),
                    "outcome": each.run.outcome.value,
                    "reason": each.run.reason,
                }
                for each in self.replayed.runs
            ],
        }


def run(*, days: int | None, with_file: str | None, json: bool) -> int:
    """Replay the last days, and print what came of them. Return 0.

    Raises:
        ConfigError: this rhythm.toml, or the other one, cannot be used.
        CommandError: nothing is recorded, or it cannot be read.
    """
    settings = config.load()
    other = config.load(Path(with_file)) if with_file else None
    asked = timedelta(days=days) if days else settings.retention
    recorded = read(settings, asked)
    same, of = same_runs(replay(settings, recorded.last(_COMPARED), exactly=True))
    now = Outcome.of(settings, recorded)
    then = Outcome.of(other, recorded) if other else None
    notes = list(_notes(recorded, asked if days else None, now, then))
    if json:
        console.show_json(
            {
                "from": iso(recorded.start, settings.zone),
                "to": iso(recorded.end, settings.zone),
                "beats": len(recorded.beats),
                "recorded_runs": {"compared": of, "same": same},
                "notes": notes,
                "now": now.to_json(),
                "then": then.to_json() if then else None,
            }
        )
        return 0
    zone, today = settings.zone, clock.now()
    stretch = (
        f"{timestamps.clock(recorded.start, zone, today)} to {timestamps.clock(recorded.end, zone, today)}"
    )
    console.say(f"recorded: {stretch}, beats: {len(recorded.beats):,}")
    lately = " of the last 7 days" if recorded.end - recorded.start > _COMPARED else ""
    console.say(f"replayed exactly: {same:,} of {of:,} runs{lately}, at the beats at which they were")
    if same < of:
        console.say("  the others: rhythm.toml has been changed since, or a beat was killed")
    on_schedule = len(now.replayed.runs)
    console.say(f"on schedule, as below: {on_schedule:,} runs; what beats at other times ran is left out")
    if then:
        console.say(f"now: {config.config_path()}; then: {with_file}")
    console.say("")
    if then:
        console.show(Table(COMPARED, differing(now, then)))
    else:
        console.show(Table(COLUMNS, rows(now)))
        console.say(f"beats skipped, as another one was running: {now.replayed.skipped:,}")
    console.say(_MEANING)
    for note in notes:
        console.warning(note)
    return 0


def read(settings: Settings, length: timedelta) -> Recorded:
    """Return what is recorded of the last days.

    Raises:
        CommandError: that is nothing, or it cannot be read.
    """
    try:
        recorded = recorded_days.read(settings, clock.now() - length)
    except StoreError as error:
        raise CommandError(str(error)) from None
    if recorded is None:
        raise CommandError("no beat is recorded yet; `rhythm up` records them as they come")
    return recorded


def _notes(recorded: Recorded, asked: timedelta | None, now: Outcome, then: Outcome | None) -> list[str]:
    """Return what a reader has to know of the record: what is missing in it."""
    notes = []
    known = recorded.end - recorded.start
    if asked and known < asked - timedelta(hours=1):
        notes.append(f"{_days(known)} are recorded, not {_days(asked)}")
    if not any(reading.others is not None for reading in recorded.readings):
        notes.append("no readings of the load: nothing is deferred for it, and busy CPU is not known")
    never = [name for name in (then or now).figures if name not in recorded.by_group]
    if never:
        notes.append(f"no run is recorded of {', '.join(never)}: taken to take no time")
    return notes


def _days(length: timedelta) -> str:
    hours = round(length.total_seconds() / 3600)
    if hours < 48:
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{round(hours / 24)} days"


def rows(outcome: Outcome) -> list[tuple[str, ...]]:
    """Return the figures of each group."""
    return [(name, *(show(found) for show in _FIGURES.values())) for name, found in outcome.figures.items()]


def differing(now: Outcome, then: Outcome) -> list[tuple[str, ...]]:
    """Return the figures that differ, those of beats last."""
    found = []
    for name in dict.fromkeys([*now.figures, *then.figures]):
        before, after = now.figures.get(name), then.figures.get(name)
        for what, show in _FIGURES.items():
            cells = [show(figures) if figures else "–" for figures in (before, after)]
            if cells[0] != cells[1]:
                found.append((name, what, *cells))
    if now.replayed.skipped != then.replayed.skipped:
        found.append(("beats", "skipped", f"{now.replayed.skipped:,}", f"{then.replayed.skipped:,}"))
    return found or [("nothing", "differs", "", "")]


def _short(seconds: float | None) -> str:
    """Return a length of time as it fits a column: "40 s", "10 min", "26 h"."""
    if seconds is None:
        return "–"
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} d"
