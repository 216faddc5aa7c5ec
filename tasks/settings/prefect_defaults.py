"""Prefect's settings as Rhythm needs them, for a folder that does not have them in files of its own.

They are variables of the environment, which whatever Prefect starts inherits, and which Prefect prefers to
its files and profiles: so what those of the current folder have is left to them. A user's scripts do not
get them (`tasks.process.own_variables`): one that serves a Prefect of its own must not delete its old runs.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tasks.process.own_variables import set_default, take_back
from tasks.settings.project import DEFAULTS

#: Settings that are tables themselves.
_TABLES = ("custom_headers",)


def apply(environ: MutableMapping[str, str] = os.environ, folder: Path | None = None) -> None:
    """Set the variables that neither `environ` nor the files of `folder` (the current one) set.

    What an earlier call has set, perhaps in another folder by the process that started this one, is undone
    where the files have it.
    """
    of_files = _own(folder or Path())
    for name in of_files & shipped().keys():
        take_back(name, environ)
    set_default({name: value for name, value in shipped().items() if name not in of_files}, environ)


@cache
def shipped() -> Mapping[str, str]:
    """Return all of them, by the names of their variables."""
    return _variables(tomllib.loads((DEFAULTS / "prefect.toml").read_text(encoding="utf-8")))


def _own(folder: Path) -> set[str]:
    """Return the names of the variables that Prefect finds in a folder's files; it reports a broken one."""
    found: set[str] = set()
    with suppress(OSError, ValueError):
        found |= _variables(tomllib.loads((folder / "prefect.toml").read_text(encoding="utf-8"))).keys()
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        found |= _variables(project["tool"]["prefect"]).keys()
    with suppress(OSError, ValueError):
        lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
        found |= {line.partition("=")[0].removeprefix("export ").strip().upper() for line in lines}
    return found


def _variables(table: Mapping[str, Any]) -> dict[str, str]:
    return {"_".join(("PREFECT", *path)).upper(): _text(value) for path, value in _walk(table)}


def _walk(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and key not in _TABLES:
            yield from _walk(value, (*path, key))
        else:
            yield (*path, key), value


def _text(value: Any) -> str:
    """Return a value as Prefect reads it from a variable."""
    match value:
        case str():
            return value
        case [*entries]:
            return ",".join(entries)
        case _:
            return json.dumps(value)
