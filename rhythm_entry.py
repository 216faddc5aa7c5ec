"""Where everybody else comes in: the `rhythm` command, Prefect's deployments, and Prefect's workers.

The packages have names that a user's own files may have as well (tasks.py, flows/, deployments/), and the
current folder or PYTHONPATH would be searched for those first. This module's name is nobody else's, and it
takes the packages from beside itself; once they are imported, all that is in them is found through them.

`python -P rhythm_entry.py MODULE ARGUMENT…` runs a module of theirs, or Prefect's own command, by that rule.
"""

from __future__ import annotations

# Underscored, as a group of any name is found here: `prefect deploy` would take a module for its flow.
import runpy as _runpy
import sys as _sys
from importlib import import_module as _import_module
from pathlib import Path
from typing import Any

del annotations

_ROOT = Path(__file__).resolve().parent
_PACKAGES = ("tasks", "flows", "deployments")

#: What Prefect finds here by name, and the module that has it, which is imported only when it is asked for.
FOR_PREFECT = {
    "rhythm": "flows.rhythm",
    "health_check": "flows.health_check",
    "performance_analysis": "flows.performance_analysis",
    "system_maintenance": "flows.system_maintenance",
    "daily_routine": "flows.daily_routine",
    "event_analysis": "flows.event_analysis",
    "RhythmWorker": "deployments.worker.rhythm_worker",
}


def command() -> int:
    """Run the `rhythm` command. Return its exit code."""
    return int(_import_module("deployments.cli.main").main())


def __getattr__(name: str) -> Any:
    if name in FOR_PREFECT:
        return getattr(_import_module(FOR_PREFECT[name]), name)
    # A group that rhythm.toml alone has; Python itself asks for names that none can have.
    if not name.startswith("_") and (flow := _import_module("flows.group").configured(name)):
        return flow
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _take_packages() -> None:
    """Import the packages from beside this file.

    Raises:
        ImportError: this process has others of the same name already.
    """
    before = _sys.path[:]
    _sys.path.insert(0, str(_ROOT))
    try:
        for name in _PACKAGES:
            found = _import_module(name)
            if Path(found.__file__ or "").resolve().parent != _ROOT / name:
                raise ImportError(
                    f"this process has imported {found.__file__ or name} as {name}, which is the name of a "
                    f"package of Rhythm's, in {_ROOT}; let what imports it be deployed or run by itself"
                )
    finally:
        _sys.path[:] = before


_take_packages()

if __name__ == "__main__":
    _sys.modules["rhythm_entry"] = _sys.modules[__name__]  # for Prefect, should this not be installed
    _import_module("tasks.settings.prefect_defaults").apply()
    del _sys.argv[0]
    _runpy.run_module(_sys.argv[0], run_name="__main__", alter_sys=True)
