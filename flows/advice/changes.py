"""Changes of a rhythm.toml, as values: what they make of its tables, and the lines to paste. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SetKey:
    """A key of a group gets a value."""

    group: str
    key: str
    value: str

    @property
    def target(self) -> tuple[str, str]:
        """What it changes."""
        return self.group, self.key

    @property
    def lines(self) -> str:
        """It, as rhythm.toml has it."""
        return f"[groups.{self.group}]\n{self.key} = {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class OptionalStep:
    """The step at a place in its group becomes optional: when it fails, the group does not."""

    group: str
    place: int
    step: str

    @property
    def target(self) -> tuple[str, str]:
        """What it changes."""
        return self.group, self.step

    @property
    def lines(self) -> str:
        """It, as rhythm.toml has it."""
        return f"[groups.{self.group}]\nsteps = [ …, {{ run = …, optional = true }} ]  # {self.step}"


@dataclass(frozen=True, slots=True)
class RemoveStep:
    """The step at a place in its group is taken out."""

    group: str
    place: int
    step: str

    @property
    def target(self) -> tuple[str, str]:
        """What it changes."""
        return self.group, self.step

    @property
    def lines(self) -> str:
        """What to do in rhythm.toml."""
        return f"[groups.{self.group}]\n# take out of its steps: {self.step}"


Change = SetKey | OptionalStep | RemoveStep


def changed(tables: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """Given what a rhythm.toml has, return what it has after changes."""
    made = deepcopy(dict(tables))
    for change in changes:
        group = made["groups"][change.group]
        match change:
            case SetKey(_, key, value):
                group[key] = value
            case OptionalStep(_, place, _):
                group["steps"][place] = optional(group["steps"][place])
            case RemoveStep(_, place, _):
                del group["steps"][place]
    return made


def optional(step: str | Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Given a step as rhythm.toml has it, return it as an optional one."""
    return {**step, "optional": True} if isinstance(step, Mapping) else {"run": step, "optional": True}


def lines(changes: Sequence[Change]) -> str:
    """Return the lines to paste."""
    return "\n".join(change.lines for change in changes)
