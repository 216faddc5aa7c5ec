"""The variables that rhythm.toml gives a step: `env_file` and `env` of all levels, expanded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from tasks.problem import Problem, remedy_for
from tasks.process.environment import IGNORES_CASE, merged
from tasks.process.own_variables import accounts
from tasks.settings import faults
from tasks.settings.project import config_path
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings

# "$${" is a "${" that is meant as it is.
_REFERENCE = re.compile(r"\$\$(?=\{)|(?<!\$)\$\{(?P<inner>[^}]*)\}")


class VariableError(Exception):
    """A variable cannot be given to a step; the message has where it is written, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def variables(
    step: StepSettings, group: str, settings: Settings, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables of a group's step. `base`: the environment that it has anyway, the account's own.

    The step's win over its group's, and these over those at the top; at each level, `env` wins over
    `env_file`. A `${NAME}` is the value that the levels before it give to NAME, or else that of `base`.

    Raises:
        VariableError: a file cannot be read, or no variable has the name that one refers to.
    """
    base = accounts() if base is None else base
    its_group = settings.groups.get(group)
    found: dict[str, str] = {}
    for level, keys in (
        (settings, []),
        (its_group, ["groups", group]),
        (step, ["groups", group, "steps", step.name]),
    ):
        if level is None:
            continue
        if level.env_file:
            found = _with_file(found, level.env_file, base, keys)
        known = _Known(base, found)
        expanded = {
            name: known.expanded(value, config_path(), [*keys, "env", name])
            for name, value in level.env.items()
        }
        found = merged(found, expanded)
    return found


def _with_file(found: dict[str, str], path: Path, base: Mapping[str, str], keys: list[str]) -> dict[str, str]:
    """Return what has been found and, on top of it, what a file has; its lines see those before them."""
    where = faults.place(config_path(), [*keys, "env_file"])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        fault = f"{path} cannot be read ({error.strerror})"
        remedy = remedy_for(error, "Correct the path, which is relative to rhythm.toml.")
        raise VariableError(Problem(where, fault, remedy)) from None
    except UnicodeDecodeError:
        problem = Problem(where, f"{path} is not UTF-8", "Save the file as UTF-8.")
        raise VariableError(problem) from None
    for line in parse_stream(StringIO(text)):
        if line.error:
            text = line.original.string
            blank = text[: len(text) - len(text.lstrip())].count("\n")  # they are part of what comes after
            place = f"{path}, line {line.original.line + blank}"
            raise VariableError(Problem(place, "is not NAME=value", "Correct the line."))
        if line.key is not None and line.value is not None:
            value = _Known(base, found).expanded(line.value, path, [line.key])
            found = merged(found, {line.key: value})
    return found


class _Known:
    """The variables that others may refer to."""

    def __init__(self, *environments: Mapping[str, str]) -> None:
        self._values = {_key(name): value for env in environments for name, value in env.items()}

    def expanded(self, value: str, path: Path, keys: list[str]) -> str:
        """Return a value with its references filled in; it is written in the file `path`, at `keys`."""

        def filled(found: re.Match[str]) -> str:
            if found["inner"] is None:
                return "$"
            name, has_default, default = found["inner"].partition(":-")
            known = self._values.get(_key(name))
            if has_default:
                return known or default
            if known is None:
                raise VariableError(_unknown(found[0], path, keys))
            return known

        return _REFERENCE.sub(filled, value)


def _unknown(reference: str, path: Path, keys: list[str]) -> Problem:
    return Problem(
        f"{path}{_lines(path, reference)}: {'.'.join(keys)}",
        f"there is no variable for {reference}",
        f"Set it where Rhythm is started, give a default ({reference[:-1]}:-…}}), or write ${reference} for "
        "the text itself.",
    )


def _lines(path: Path, reference: str) -> str:
    """Return the lines of a file that have the reference; nothing if it came from elsewhere."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""
    numbers = [str(number) for number, line in enumerate(text.split("\n"), 1) if reference in line]
    return f", line {' and '.join(numbers)}" if numbers else ""


def _key(name: str) -> str:
    return name.upper() if IGNORES_CASE else name
