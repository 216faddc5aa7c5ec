"""Writes what was advised into rhythm.toml; all else in it, comments included, stays as it is."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.advice.changes import Change, OptionalStep, RemoveStep, SetKey, changed, inline, optional
from tasks.files.atomic_file import write_users_text
from tasks.problem import ConfigError, Problem, remedy_for
from tasks.settings import rhythm_toml as config


def with_changes(text: str, changes: Sequence[Change]) -> str:
    """Given the text of a rhythm.toml, return it with the changes.

    Raises:
        ValueError: it is written in a way that they cannot be put into.
    """
    made = text
    for change in changes:
        made = _with_change(made, change)
    if tomllib.loads(made) != changed(tomllib.loads(text), changes):
        raise ValueError("its groups are written in a way that cannot be changed automatically")
    return made


def difference(path: Path, before: str, after: str) -> str:
    """Return what differs between two texts of a file, as a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(path), f"{path} (advised)", lineterm=""
    )
    return "\n".join(lines)


def write(path: Path, text: str) -> None:
    """Put a text in the place of a rhythm.toml, if it is valid: it is written beside it and read first.

    Raises:
        ConfigError: it is not valid, or cannot be written; what was there before is untouched.
    """
    beside = path.with_name(f"{path.stem}.advised{path.suffix}")
    try:
        write_users_text(beside, text)
        config.load(beside)
        write_users_text(path, text)
    except OSError as error:
        remedy = remedy_for(error, "Paste the lines yourself.")
        raise ConfigError([Problem(str(path), f"cannot be written ({error.strerror})", remedy)]) from None
    finally:
        beside.unlink(missing_ok=True)


def _with_change(text: str, change: Change) -> str:
    import tomlkit  # of the extra `adopt`: only who has something written needs it

    document: Any = tomlkit.parse(text)
    group = document["groups"][change.group]
    match change:
        case SetKey(name, key, value) if key not in group and (header := _header(text, name)):
            # A new key would else come behind what separates the group from the next one.
            end = "\r\n" if "\r\n" in text else "\n"
            return f"{text[:header]}{key} = {inline(value)}{end}{text[header:]}"
        case SetKey(_, key, value):
            group[key] = value
        case OptionalStep(_, place, _):
            step = optional(tomllib.loads(text)["groups"][change.group]["steps"][place])
            group["steps"][place] = tomlkit.parse(f"step = {inline(step)}")["step"]
        case RemoveStep(_, place, _):
            del group["steps"][place]
    return tomlkit.dumps(document)


def _header(text: str, group: str) -> int | None:
    """Return where the line after a group's header begins; None if it has none of its own."""
    pattern = rf"^[ \t]*\[[ \t]*groups[ \t]*\.[ \t]*[\"']?{re.escape(group)}[\"']?[ \t]*\][^\n]*\n"
    found = re.search(pattern, text, re.MULTILINE)
    return found.end() if found else None
