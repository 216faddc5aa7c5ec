"""What the looks at all processes come to: the heaviest of each kind, and those that only grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from humanize import naturaldelta, naturalsize

from tasks.builtin.analysis.leaks import Leak
from tasks.builtin.machine.load import Use
from tasks.markdown import escaped, table

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What processes use now, what they have used since `last`, and which of them only grow."""

    at: datetime
    now: tuple[Use, ...]
    last: datetime | None
    since: tuple[Use, ...]
    memory: tuple[Leak, ...] = ()
    handles: tuple[Leak, ...] = ()

    @property
    def suspicions(self) -> list[str]:
        """One clause for each process that only grows."""
        return [
            *(
                f"{each.name} grows by {naturalsize(each.per_hour, binary=True)} an hour, "
                f"for {each.hours:.0f} h, to {naturalsize(each.now, binary=True)}"
                for each in self.memory
            ),
            *(
                f"{each.name} opens {each.per_hour:.0f} handles an hour more than it closes, "
                f"for {each.hours:.0f} h, and has {each.now:.0f}"
                for each in self.handles
            ),
        ]

    @property
    def summary(self) -> str:
        """One line: the heaviest of each kind, and the suspects."""
        parts = []
        for what, key, text in KINDS:
            heaviest = max(self.now, key=key, default=None)
            if heaviest and key(heaviest) > 0:
                parts.append(f"most {what}: {heaviest.load} {text(heaviest)}")
        leaks = f"{len(self.suspicions)} suspects for leaks" if self.suspicions else "no suspects for leaks"
        return "; ".join([*parts, leaks])

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        sections = ["## Diagnosis", escaped(self.summary)]
        if self.suspicions:
            sections.append("\n".join(f"- {escaped(clause)}" for clause in self.suspicions))
        sections += _tables("Now", self.now, KINDS)
        if self.last:
            ago = naturaldelta(self.at - self.last)
            sections += _tables(f"Over the last {ago}", self.since, [KINDS[0], KINDS[2]])
        return "\n\n".join(sections)


#: One kind of use: what it is called, how much of it, and that as text.
Kind = tuple[str, Callable[[Use], float], Callable[[Use], str]]
#: All of them.
KINDS: list[Kind] = [
    ("CPU", lambda use: use.cores, lambda use: f"{use.cores:.0%} of a core"),
    ("memory", lambda use: use.load.memory, lambda use: naturalsize(use.load.memory, binary=True)),
    ("disk", lambda use: use.disk_per_second or 0, lambda use: f"{naturalsize(use.disk_per_second or 0)}/s"),
    ("handles", lambda use: use.load.handles or 0, lambda use: f"{use.load.handles} handles"),
]


def _tables(title: str, found: Sequence[Use], kinds: Sequence[Kind]) -> list[str]:
    sections = []
    for what, key, text in kinds:
        rows = [(str(use.load), text(use)) for use in heaviest(found, key)]
        if rows:
            sections.append(f"### {title}: {what}\n\n" + table(("process", what), rows))
    return sections


def heaviest(found: Sequence[Use], key: Callable[[Use], float]) -> list[Use]:
    """Return those that use most of one kind, the heaviest first; nobody who uses none."""
    return sorted((use for use in found if key(use) > 0), key=key, reverse=True)[:_LISTED]
