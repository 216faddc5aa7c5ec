"""What installs, removes, starts and stops the service: files and commands, shown before they are used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.settings.name import DEFAULT

#: Variables that the service needs as they are here. What may hold a secret is never among them.
_KEPT = ("PREFECT_HOME", "PREFECT_SERVER_API_PORT", "RHYTHM_OUTPUTS_DIR", "RHYTHM_TIMEZONE")
#: Variables that change what Rhythm does, and that the service will not have.
_OTHERS = ("RHYTHM_", "PREFECT_")

#: A program and its arguments.
Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """What is to be a service: which Python, which rhythm.toml, and for whom."""

    python: Path
    folder: Path
    """Where it runs: the user's, which may have settings of Prefect's."""
    config: Path
    outputs_dir: Path
    home: Path
    user: str
    url: str
    """Prefect's API, as the service serves it."""
    name: str = DEFAULT
    """The rhythm's, by which its service is known from others'."""
    env: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    """Variables that the user has named (`--env`); they may hold secrets."""
    path: str = ""
    """Where programs are looked for; empty: where the system looks by itself, as on Windows."""
    umask: int | None = None
    """systemd alone: the account's umask; None: systemd's own, 0022."""
    is_system: bool = False
    """systemd alone: whether it is a service of the machine's systemd, and not of the account's own."""

    @property
    def title(self) -> str:
        """What the system knows the service by: "rhythm", or "rhythm-NAME" for one with a name of its own."""
        return DEFAULT if self.name == DEFAULT else f"{DEFAULT}-{self.name}"

    @property
    def log(self) -> Path:
        """What the service itself prints, where the system keeps no log of its own."""
        return self.outputs_dir / "logs" / "service.log"


@dataclass(frozen=True, slots=True)
class Former:
    """What may be installed already, and has to be gone before it can be installed again."""

    query: Command
    """Ends with 0 for as long as it is there."""
    end: Command
    """Has it go, which it may do only after this command has ended."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to write and to take away, and then commands to run, in order.

    `elevated` means that the system wants an administrator for it; `remarks` are for the user.
    """

    files: Mapping[Path, str] = field(default_factory=dict)
    private: Mapping[Path, str] = field(default_factory=dict)
    """Files that only their owner may read."""
    former: Former | None = None
    """What `commands` would find in their way: it is ended before them, if it is there."""
    removed: tuple[Path, ...] = ()
    commands: tuple[Command, ...] = ()
    optional: Mapping[Command, str] = field(default_factory=dict)
    """Commands that may fail, run last; then the user is shown this instead."""
    undo: tuple[Command, ...] = ()
    """Run if one of `commands` fails, before the files are as they were; empty: all stays as it is then."""
    forget: tuple[Command, ...] = ()
    """Run after that."""
    remedy: str = ""
    """What to do if it fails."""
    elevated: bool = False
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """It, as `rhythm service ACTION --json` prints it: no file's text, which may hold secrets."""
        former = (self.former.end,) if self.former else ()
        return {
            "files": [str(path) for path in (*self.files, *self.private)],
            "removed": [str(path) for path in self.removed],
            "commands": [list(command) for command in (*former, *self.commands, *self.optional)],
            "needs_administrator": self.elevated,
            "remarks": list(self.remarks),
        }


def kept_variables(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that the service is to have as well."""
    return {name: base[name] for name in _KEPT if base.get(name)}


def left_variables(base: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of variables that are set here, and that the service will not have."""
    known = (*_KEPT, "RHYTHM_CONFIG", "PREFECT_API_URL")
    return sorted(name for name in base if name.startswith(_OTHERS) and name not in known)


def name_in(title: str) -> str:
    """Given a service's title, return its rhythm's name."""
    return title.removeprefix(f"{DEFAULT}-")
