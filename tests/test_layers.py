"""The layout: imports go down only and are declared, files stay short, and few know Prefect."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.waiting import LIMIT

PROJECT = Path(__file__).resolve().parents[1]
LAYERS = ("tasks", "flows", "deployments")  # from the bottom up
LONGEST = 500  # lines; one concept a file, whatever its length up to that
#: What decisions may import: nothing in it does anything.
PURE = {
    *("__future__", "collections", "dataclasses", "datetime", "enum", "heapq", "itertools", "math"),
    *("statistics", "typing", "zoneinfo", "flows", "tasks"),
}
FILES = sorted(path for layer in LAYERS for path in (PROJECT / layer).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Yield the first word of every import in a file, those within functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports relatively: its layer cannot be seen"
            yield (node.module or "").split(".")[0]


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ("adopt", "dashboard", "holidays", "postgresql")
    needed = [*project["dependencies"], *chain(*(project["optional-dependencies"][each] for each in extras))]
    declared = {canonicalize_name(Requirement(one).name) for one in needed}
    modules = {module for path in FILES for module in imported(path)}

    found = {
        canonicalize_name(names[0])
        for module, names in packages_distributions().items()
        if module in modules - {*LAYERS, *sys.stdlib_module_names}
    }

    assert found - declared == set()


def test_there_are_files_in_every_layer() -> None:
    assert {name(path).split("/")[0] for path in FILES} == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_down_only(path: Path) -> None:
    own = LAYERS.index(name(path).split("/")[0])

    assert not {*LAYERS[own + 1 :], "tests"} & set(imported(path))


@pytest.mark.parametrize("path", sorted((PROJECT / "flows" / "decisions").glob("*.py")), ids=name)
def test_decisions_are_pure(path: Path) -> None:
    """They import nothing that asks a server, a disk, a clock or chance."""
    ours = {found for found in _modules(path) if found.split(".")[0] in LAYERS}

    assert set(imported(path)) <= PURE
    assert all(found.startswith(("flows.decisions", "tasks.")) for found in ours)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_reads_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_flows_deployments_and_the_step_know_prefect(path: Path) -> None:
    knows = name(path).startswith(("flows/", "deployments/")) or name(path) == "tasks/step.py"

    assert knows or "prefect" not in set(imported(path))


@pytest.mark.parametrize(
    "module",
    [
        "flows.decisions.explanation",  # and by it most others
        "flows.decisions.collisions",
        "flows.report",
        "deployments.cli.check",
        "deployments.cli.plan",
    ],
)
def test_what_decides_loads_no_prefect(module: str) -> None:
    assert "prefect" not in _loaded(module)


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("status", {"prefect.flows", "sqlalchemy"}),
        ("explain", {"prefect.flows", "sqlalchemy"}),
        ("logs", {"prefect.flows", "sqlalchemy"}),
        ("history", {"prefect.flows"}),
    ],
)
def test_what_only_asks_the_server_loads_nothing_that_runs_flows(command: str, unneeded: set[str]) -> None:
    assert _loaded(f"deployments.cli.{command}") & unneeded == set()


def _loaded(module: str) -> set[str]:
    """Return the modules that are loaded once one is, in a new process."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, timeout=2 * LIMIT, check=True
    )
    assert done.stderr == b""
    return set(done.stdout.decode().split())


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_imports_itself_through_others(layer: str) -> None:
    """No circles: modules can be put in an order in which each comes after all that it imports."""
    modules = {
        name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in FILES
    }
    graph = {
        module: {found for found in _modules(path) if found in modules and found != module}
        for module, path in modules.items()
        if module.startswith(layer)
    }

    TopologicalSorter(graph).prepare()


def _modules(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports when it is loaded."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
