"""Where the project is, and where its rhythm.toml. Imports nothing, for commands that must be small."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

CONFIG_VARIABLE = "RHYTHM_CONFIG"
#: The module by which all others name ours: rhythm_entry.py, beside the packages.
ENTRY = "rhythm_entry"
#: The folder that the packages are in: a checkout's root, or an environment's site-packages.
PROJECT = Path(__file__).resolve().parents[2]
#: What `rhythm init` writes into a folder, and what holds where that has none of its own: rhythm.toml,
#: prefect.yaml, prefect.toml.
DEFAULTS = Path(__file__).with_name("defaults")


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where rhythm.toml is: RHYTHM_CONFIG, else the current folder's, else that of the checkout."""
    if named := environ.get(CONFIG_VARIABLE):
        path = Path(named)
        with suppress(RuntimeError):  # ~ and a user whom nobody knows: there is no such file, then
            path = path.expanduser()
        return path.resolve()
    here, checkout = Path.cwd() / "rhythm.toml", PROJECT / "rhythm.toml"
    return checkout if checkout.exists() and not here.exists() else here


def folder() -> Path:
    """Return the user's folder, which has the rhythm.toml: Prefect reads its own settings there as well."""
    found = config_path().parent
    return found if found.is_dir() else PROJECT


def module_argv(module: str, *args: str, python: str | os.PathLike[str] = sys.executable) -> list[str]:
    """Return the argument list that runs one of our modules, or Prefect's command ("prefect").

    Unlike `python -m`, it finds them whatever the current folder and PYTHONPATH have.
    """
    return [os.fspath(python), "-P", str(PROJECT / f"{ENTRY}.py"), module, *args]
