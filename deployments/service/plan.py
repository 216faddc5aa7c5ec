"""What installs, removes, starts and stops the service: files and commands, shown before they are used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Variables that the service needs as they are here. What may hold a secret is never among them.
_KEPT = ("PREFECT_HOME", "PREFECT_SERVER_API_PORT", "RHYTHM_OUTPUTS_DIR", "RHYTHM_TIMEZONE")
#: Variables that change what Rhythm does, and that the service will not have.
_OTHERS = ("RHYTHM_", "PREFECT_")


@dataclass(frozen=True, slots=True)
class Installation:
    """What is to be a service: which Python, which project, which rhythm.toml, and for whom."""

    python: Path
    project: Path
    config: Path
    outputs_dir: Path
    home: Path
    user: str
    url: str
    """Prefect's API, as the service serves it."""
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the service itself prints, where the system keeps no log of its own."""
        return self.outputs_dir / "logs" / "service.log"


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to write and to take away, and then commands to run, in order.

    `elevated` says that the system wants an administrator for it; `remarks` are for the user.
    """

    files: Mapping[Path, str] = field(default_factory=dict)
    removed: tuple[Path, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    elevated: bool = False
    remarks: tuple[str, ...] = ()


def kept_variables(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that the service is to have as well."""
    return {name: base[name] for name in _KEPT if base.get(name)}


def left_variables(base: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of variables that are set here, and that the service will not have."""
    known = (*_KEPT, "RHYTHM_CONFIG", "PREFECT_API_URL")
    return sorted(name for name in base if name.startswith(_OTHERS) and name not in known)
