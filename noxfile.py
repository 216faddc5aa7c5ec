"""What CI checks, in parts: `nox` runs all, `nox -s NAME` one, in the environment that it is run in."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "none"

#: Tests of what decides: no server, no browser. Its coverage has a floor in pyproject.toml.
FAST = (
    "tests/deployments/adopt",
    "tests/flows/decisions/test_cadence.py",
    "tests/flows/decisions/test_cadence_properties.py",
    "tests/flows/decisions/test_slots.py",
    "tests/flows/decisions/test_timetable.py",
    "tests/flows/test_report.py",
    "tests/tasks/builtin/analysis",
    "tests/tasks/redaction",
    "tests/tasks/settings",
    "tests/test_layers.py",
)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: its rules, and its formatting."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strictly, for this system and for Windows."""
    session.run("mypy")
    session.run("mypy", "--platform", "win32", "-p", "tasks", "-p", "flows", "-p", "deployments")


@nox.session(default=False)
def fast(session: nox.Session) -> None:
    """The fast tests, as they are."""
    session.run("pytest", *FAST, *session.posargs)


@nox.session
def unit(session: nox.Session) -> None:
    """The fast tests, with coverage."""
    session.run("python", "-m", "coverage", "run", "-m", "pytest", *FAST, *session.posargs)
    session.run("python", "-m", "coverage", "report")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation: generated pages, links, and the quickstart as it is written."""
    session.run("pytest", "tests/test_docs.py", *session.posargs)


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """All tests; arguments after -- are pytest's."""
    session.run("pytest", "-rs", *session.posargs)
