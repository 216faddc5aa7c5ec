"""Where the project is, and where its rhythm.toml. Imports nothing, for commands that must be small."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

CONFIG_VARIABLE = "RHYTHM_CONFIG"
PROJECT = Path(__file__).resolve().parent.parent


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where rhythm.toml is: RHYTHM_CONFIG, else the current folder's, else the project's."""
    if named := environ.get(CONFIG_VARIABLE):
        path = Path(named)
        with suppress(RuntimeError):  # ~ and a user whom nobody knows: there is no such file, then
            path = path.expanduser()
        return path.resolve()
    here = Path.cwd() / "rhythm.toml"
    return here if here.exists() else PROJECT / "rhythm.toml"
