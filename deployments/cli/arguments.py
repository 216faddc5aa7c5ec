"""What a command line of `rhythm` may have beyond Click's own: where `--json` may stand, options of several
words, and the kinds of values."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Collection, Sequence
from datetime import datetime
from difflib import get_close_matches
from importlib.resources import files
from itertools import islice
from pathlib import PureWindowsPath
from typing import Any

import click
from click.shell_completion import CompletionItem

from tasks import builtin
from tasks.settings.project import config_path


def json_behind_command(argv: Sequence[str]) -> tuple[list[str], bool]:
    """Return the command line with `--json` right behind the command, and whether there is one.

    It may stand anywhere before a `--`: before the command, and among the arguments of a built-in step.
    """
    end = argv.index("--") if "--" in argv else len(argv)
    words = [word for word in argv[:end] if word != "--json"]
    if len(words) == end:
        return list(argv), False
    behind = next((number + 1 for number, word in enumerate(words) if not word.startswith("-")), 0)
    return [*words[:behind], "--json", *words[behind:], *argv[end:]], True


def repeat(names: Collection[str], words: Sequence[str]) -> list[str]:
    """Return `--force a b` as `--force a --force b`, for each of the options `names`.

    Click's options take a fixed number of words; these take all up to the next option.
    """
    end = words.index("--") if "--" in words else len(words)
    repeated: list[str] = []
    option = ""  # the one whose words follow
    for word in words[:end]:
        if word.startswith("-"):
            option = word if word in names else ""
        elif option and repeated[-1] != option:
            repeated.append(option)
        repeated.append(word)
    return [*repeated, *words[end:]]


def in_front(option: str, words: Sequence[str]) -> list[str]:
    """Return a command line with an option, and its value, before all other words, up to a `--`."""
    end = words.index("--") if "--" in words else len(words)
    found: list[str] = []
    others: list[str] = []
    rest = iter(words[:end])
    for word in rest:
        if word == option:
            found += [word, *islice(rest, 1)]
        elif word.startswith(f"{option}="):
            found.append(word)
        else:
            others.append(word)
    return [*found, *others, *words[end:]]


def step_summary(name: str) -> str:
    """Return the first line of a built-in step's documentation, without loading the step."""
    source = files(builtin).joinpath(f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


class GroupName(click.ParamType[str]):
    """A group's name, completed from rhythm.toml. The command itself refuses an unknown one."""

    name = "group"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return the groups whose names begin so."""
        return [CompletionItem(name) for name in _groups() if name.startswith(incomplete)]


class LogName(click.ParamType[str]):
    """A group's or a step's name, completed from rhythm.toml. The command refuses an unknown one."""

    name = "step or group"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return the groups and steps whose names begin so."""
        groups = _groups()
        tables = [group for group in groups.values() if isinstance(group, dict)]
        steps = (_name_of(step) for table in tables for step in table.get("steps", ()))
        names = dict.fromkeys([*groups, *filter(None, steps)])
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _groups() -> dict[str, Any]:
    """Return the groups as rhythm.toml writes them; none if it cannot be read, as `rhythm check` reports."""
    try:
        groups = tomllib.loads(config_path().read_text(encoding="utf-8-sig")).get("groups")
    except (OSError, ValueError, RecursionError):
        return {}
    return groups if isinstance(groups, dict) else {}


def _name_of(step: Any) -> str:
    """Return the name of a step as rhythm.toml writes it; "" if that is not valid."""
    table = step if isinstance(step, dict) else {"run": step}
    words = table.get("run")
    first = words.split()[:1] if isinstance(words, str) else words[:1] if isinstance(words, list) else []
    return str(table.get("name") or (PureWindowsPath(str(first[0])).stem if first else ""))


class StepName(click.ParamType[str]):
    """A built-in step's name, completed. The command itself refuses an unknown one."""

    name = "step"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return the steps whose names begin so, with what they do."""
        names = [name for name in builtin.NAMES if name.startswith(incomplete)]
        return [CompletionItem(name, help=step_summary(name)) for name in names]


class Choice(click.Choice[str]):
    """One of several words; of a mistyped one, the message says what may have been meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it, or refuse it."""
        if close := get_close_matches(str(value), [each for each in self.choices if each != value], n=1):
            choices = ", ".join(map(repr, self.choices))
            if value not in self.choices:
                self.fail(f"{value!r} is not one of {choices}. Did you mean {close[0]!r}?", param, ctx)
        return super().convert(value, param, ctx)


class Time(click.ParamType[datetime]):
    """A time in ISO 8601, with or without an offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return it, or refuse it: a timetable looks some days back, and at most a year ahead."""
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2026-03-29T00:00 or …+01:00.", param, ctx)
        if not 1970 <= time.year < 9000:
            self.fail(f"{value!r} is not a time between the years 1970 and 9000.", param, ctx)
        return time


class Count(click.ParamType[int]):
    """A whole number, `least` or more."""

    name = "count"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return it, or refuse it."""
        if not (str(value).isdecimal() and len(str(value)) < 10 and int(value) >= self._least):
            self.fail(f"{value!r} is not a whole number from {self._least} on.", param, ctx)
        return int(value)


class Hours(click.ParamType[float]):
    """A number of hours, a year's at most."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return it, or refuse it; NaN is refused as well."""
        try:
            hours = float(value)
        except ValueError:
            hours = 0.0
        if not 0 < hours <= 24 * 366:
            self.fail(f"{value!r} is not a number of hours between 0 and 8784.", param, ctx)
        return hours
