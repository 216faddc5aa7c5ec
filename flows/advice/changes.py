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
    value: str | bool

    @property
    def target(self) -> tuple[str, str]:
        """What it changes."""
        return self.group, self.key


@dataclass(frozen=True, slots=True)
class _OfStep:
    """The step at a place in its group changes."""

    group: str
    place: int
    step: str

    @property
    def target(self) -> tuple[str, str]:
        """What it changes."""
        return self.group, self.step


class OptionalStep(_OfStep):
    """The step becomes optional: when it fails, the group does not."""


class RemoveStep(_OfStep):
    """The step is taken out."""


@dataclass(frozen=True, slots=True)
class MoveGroup:
    """A group is written above another one, and so comes before it where both are due."""

    group: str
    above: str

    @property
    def target(self) -> tuple[str, str]:
        """What it changes."""
        return self.group, "order"


Change = SetKey | OptionalStep | RemoveStep | MoveGroup


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
            case MoveGroup(name, above):
                made["groups"] = _moved(made["groups"], name, above)
    return made


def _moved(groups: Mapping[str, Any], name: str, above: str) -> dict[str, Any]:
    order = [group for group in groups if group != name]
    order.insert(order.index(above), name)
    return {group: groups[group] for group in order}


def optional(step: str | Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Given a step as rhythm.toml has it, return it as an optional one."""
    return {**step, "optional": True} if isinstance(step, Mapping) else {"run": step, "optional": True}


def lines(changes: Sequence[Change], tables: Mapping[str, Any]) -> str:
    """Return the lines to paste into a rhythm.toml that has these tables; of steps, the one that changes."""
    found: list[str] = []
    for change in changes:
        found.append(f"[groups.{change.group}]")
        match change:
            case SetKey(_, key, value):
                found.append(f"{key} = {inline(value)}")
            case OptionalStep(group, place, _):
                step = tables["groups"][group]["steps"][place]
                found.append(f"steps = [ …, {inline(optional(step))}, … ]  # instead of {inline(step)}")
            case RemoveStep(group, place, _):
                found.append(f"steps = [ … ]  # without {inline(tables['groups'][group]['steps'][place])}")
            case MoveGroup(_, above):
                found[-1] += f"  # above [groups.{above}]"
    return "\n".join(found)


def inline(value: Any) -> str:
    """Return a value as TOML has it on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {inline(each)}" for key, each in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)  # of strings, numbers and true, TOML's are JSON's
