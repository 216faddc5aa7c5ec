"""The optional dependencies: which extra of pyproject.toml has a module, and what to do without it."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import list2cmdline

_EXTRAS = {
    "altair": "dashboard",
    "vl_convert": "dashboard",
    "tree_sitter": "adopt",
    "tree_sitter_powershell": "adopt",
    "defusedxml": "adopt",
    "tomlkit": "adopt",
    "psycopg": "postgresql",
    "holidays": "holidays",
}


def absent(extra: str) -> list[str]:
    """Return the modules of an extra that are not installed, sorted."""
    return sorted(module for module, of in _EXTRAS.items() if of == extra and find_spec(module) is None)


def remedy(extra: str) -> str:
    """Return what installs it, for people."""
    return f'Install it: {installer()} "rhythm[{extra}]".'


def installer() -> str:
    """Return the command that installs packages for this Python, whichever one a terminal would start.

    What uv makes, its tools' environments too, has no pip.
    """
    python = Path(sys.executable)
    if find_spec("pip") is None:
        return list2cmdline(["uv", "pip", "install", "--python", str(python)])
    usual = shutil.which("python")
    is_usual = usual is not None and Path(usual).parent == python.parent
    return list2cmdline(["python" if is_usual else str(python), "-m", "pip", "install"])


def extra_of(error: ModuleNotFoundError) -> str:
    """Given a module that was not found, return the extra that has it; "" if none does."""
    return _EXTRAS.get((error.name or "").partition(".")[0], "")
