"""rhythm.toml, as adopted jobs are written into it: what is there stays as it is, with its comments."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, InlineTable, Item, SingleKey

from deployments.adopt import paths
from deployments.adopt.judging.five_groups import TargetGroup
from tasks.problem import ConfigError, Problem
from tasks.settings import faults
from tasks.settings.argv import split_argv
from tasks.settings.duration import format_duration
from tasks.settings.rhythm_toml import Settings

_ABOUT = """\
# What runs, how often, and after what. `rhythm check` validates this file, `rhythm plan` shows what it
# means for the next day. Written by `rhythm adopt`, which leaves alone what you change, move or take out.
"""
_KEPT = (
    "What `rhythm adopt` has placed so far. A job that stands here is not placed again: its step is yours."
)


class RhythmFile:
    """A rhythm.toml that steps are put into."""

    def __init__(self, path: Path, text: str | None) -> None:
        """Read `text`, or begin a new file if there is none.

        Raises:
            ConfigError: it is not TOML.
        """
        self.path = path
        self.new = text is None
        try:
            self._document = tomlkit.parse(_ABOUT if text is None else text)
        except (TOMLKitError, ValueError, RecursionError) as error:
            remedy = "Correct it, or name another file by --output."
            raise ConfigError([Problem(str(path), f"is not valid TOML: {error}", remedy)]) from None

    @property
    def text(self) -> str:
        """The whole file."""
        return tomlkit.dumps(self._document)

    @property
    def groups(self) -> list[str]:
        """The names of its groups."""
        return [str(name) for name in self._document.get("groups", {})]

    @property
    def scripts_dir(self) -> str | None:
        """The folder of scripts that it names."""
        named = self._document.get("scripts_dir")
        return str(named) if named is not None else None

    @property
    def python(self) -> str | None:
        """The interpreter that it names for all scripts."""
        named = self._document.get("python")
        return str(named) if named is not None else None

    @property
    def adopted(self) -> dict[str, str]:
        """The jobs that were placed before, with the groups that they were placed in."""
        return {str(name): str(group) for name, group in self._document.get("adopted", {}).items()}

    def steps(self) -> Iterator[tuple[str, int, tuple[str, ...], str]]:
        """Yield each step: its group, its place in it, the words that it runs, and its name."""
        for group in self.groups:
            for place, item in enumerate(self._steps(group)):
                run = item.get("run", ()) if isinstance(item, Mapping) else item
                try:
                    words = tuple(str(word) for word in split_argv(run))
                except ValueError:
                    words = ()
                named = item.get("name") if isinstance(item, Mapping) else None
                yield group, place, words, str(named or (paths.stem(words[0]) if words else ""))

    def names(self, group: str) -> list[str]:
        """Return the names of a group's steps."""
        return [name for owner, _, _, name in self.steps() if owner == group]

    def set(self, key: str, value: Any, comment: str = "") -> None:
        """Set a top-level key, above all tables."""
        made = tomlkit.item(value)
        if comment:
            made.comment(comment)
        if key in self._document:
            self._document[key] = made
            return
        # A key behind a table would belong to that table.
        line = tomlkit.dumps(tomlkit.document().append(key, made))
        before, after = _above_tables(self.text)
        self._document = tomlkit.parse(f"{before}{line}{after}")

    def add_group(self, target: TargetGroup, after: str | None) -> None:
        """Make a group that is not there yet, for now without steps."""
        table = tomlkit.table()
        if target.at:
            table["at"] = target.at
        else:
            table["every"] = format_duration(timedelta(minutes=target.minutes))
        if after:
            table["after"] = [after]
        for key, value in target.options:
            table[key] = value
        table["steps"] = tomlkit.array()
        if "adopted" in self._document:  # which comes behind, and would follow without a line between
            table.add(tomlkit.nl())
        self._groups()[target.name] = table

    def add_steps(self, group: str, steps: Sequence[tuple[Any, str]]) -> None:
        """Put steps behind those of a group, each on a line of its own with a comment."""
        array = self._steps(group)
        lines = [
            # In a comment, TOML has nothing that cannot be printed.
            (_inline(step), "".join(char for char in comment if char.isprintable()))
            for step, comment in steps
        ]
        if not len(array):  # as text: an array counts all that it has anew for every line that is added
            written = "".join(f"  {step.as_string()}, # {comment}\n" for step, comment in lines)
            self._groups()[group]["steps"] = tomlkit.parse(f"steps = [\n{written}]\n")["steps"]
            return
        if "\n" not in array.as_string():
            array.multiline(True)
        for step, comment in lines:
            array.add_line(step, indent="  ", comment=comment or None)

    def remove_step(self, group: str, place: int) -> Any:
        """Take a step out of a group, and return it; the group goes as well if that was its last."""
        array = self._steps(group)
        step = array.unwrap()[place]
        del array[place]
        if not len(array):
            self._remove_group(group)
        return step

    def _remove_group(self, group: str) -> None:
        """Take a group out, and with it the references of other groups."""
        del self._groups()[group]
        for other in self._groups().values():
            rest = [name for name in other.get("after", ()) if name != group]
            if rest != list(other.get("after", ())):
                other["after"] = rest

    def allow(self, paths_outside: Sequence[str]) -> None:
        """Let scripts and programs outside of `scripts_dir` be started."""
        there = [str(path) for path in self._document.get("allow", ())]
        missing = [path for path in dict.fromkeys(paths_outside) if path not in there]
        if missing:
            self.set("allow", [*there, *missing])

    def adopt(self, jobs: Mapping[str, str]) -> None:
        """Note where jobs have been placed."""
        before = self.adopted
        for name in jobs.keys() & before.keys():
            self._document["adopted"][name] = jobs[name]
        lines = [
            f"{SingleKey(name).as_string()} = {tomlkit.string(group).as_string()}\n"
            for name, group in jobs.items()
            if name not in before
        ]
        if lines:
            self._document = tomlkit.parse(_with_adopted(self.text, lines))

    def validate(self) -> Settings:
        """Return the settings that the file makes.

        Raises:
            ConfigError: it is not valid.
        """
        try:
            return Settings(**tomllib.loads(self.text))
        except ValidationError as error:
            raise ConfigError(faults.problems(error, self.path, self.text.encode(), Settings)) from None

    def _groups(self) -> Any:
        if "groups" not in self._document:
            self._document["groups"] = tomlkit.table(is_super_table=True)
        return self._document["groups"]

    def _steps(self, group: str) -> Array:
        found = self._groups()[group].get("steps")
        if not isinstance(found, Array):
            where = f"{self.path}: groups.{group}.steps"
            raise ConfigError([Problem(where, "is not a list", 'Write a list: ["…", "…"].')])
        return found


def _inline(step: Any) -> Item:
    """Return a step as an array has it: a table on one line."""
    if not isinstance(step, Mapping):
        item: Item = tomlkit.item(step)
        return item
    table: InlineTable = tomlkit.inline_table()
    for key, value in step.items():
        table[key] = _inline(value)
    return table


def _with_adopted(text: str, new: Sequence[str]) -> str:
    """Return the text with new lines in its table of adopted jobs; as text, for a table of thousands."""
    lines = text.splitlines(keepends=True)
    head = next((index for index, line in enumerate(lines) if line.startswith("[adopted]")), None)
    if head is None:
        return "".join([text, "" if text.endswith("\n") else "\n", f"\n[adopted] # {_KEPT}\n", *new])
    following = range(head + 1, len(lines))
    end = next((index for index in following if lines[index].startswith("[")), len(lines))
    while end > head + 1 and not lines[end - 1].strip():
        end -= 1
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], *new, *lines[end:]])


def _above_tables(text: str) -> tuple[str, str]:
    """Return what stands before the first table and the comment above it, and the rest."""
    lines = text.splitlines(keepends=True)
    first = next((index for index, line in enumerate(lines) if line.startswith("[")), len(lines))
    while first and lines[first - 1].startswith("#"):
        first -= 1
    if not first:  # all of it is that comment, as in a file that has only one
        first = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:first]), "".join(lines[first:])
