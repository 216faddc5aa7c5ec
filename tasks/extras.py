"""The optional dependencies: which extra of pyproject.toml has a module, and what to do without it."""

from __future__ import annotations

from importlib.util import find_spec

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
    return f'Install it: python -m pip install "rhythm[{extra}]".'


def extra_of(error: ModuleNotFoundError) -> str:
    """Given a module that was not found, return the extra that has it; "" if none does."""
    return _EXTRAS.get((error.name or "").partition(".")[0], "")
