"""Prefect as its docs have it: its own defaults, SQLite, a server, a process worker and deployments."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import httpx
import yaml

from tests.bench.system import Place
from tests.end_to_end.workspace import Workspace
from tests.waiting import eventually

_POOL = "bench"
_FLOWS = """import subprocess, sys
from prefect import flow, task

@flow
def one_script(paths: list[str]):
    for path in paths:
        subprocess.run([sys.executable, path], check=True)

@task
def run_script(path: str):
    subprocess.run([sys.executable, path], check=True)

@flow
def all_scripts(paths: list[str]):
    for path in paths:
        run_script(path)
"""
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass
class Prefect:
    """42 deployments, each with a schedule of its own; or one, whose flow has the 42 as tasks."""

    place: Place
    one_flow: bool = False
    period: float | None = 60.0
    _workspace: Workspace = field(init=False)
    _runs: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.place.workload.write()
        self._workspace = Workspace(self.place.folder)
        self._workspace.home.mkdir()
        shutil.copy(self.place.database, self._workspace.home / "prefect.db")
        (self.place.folder / "flows.py").write_text(_FLOWS, encoding="utf-8")
        (self.place.folder / "prefect.yaml").write_text(yaml.safe_dump(self._yaml()), encoding="utf-8")
        self.place.start([*_PREFECT, "server", "start"], **self._env)
        eventually(self._workspace.is_served, "Prefect's server")
        self.place.run([*_PREFECT, "work-pool", "create", _POOL, "--type", "process"], **self._env)
        self.place.run([*_PREFECT, "--no-prompt", "deploy", "--all"], **self._env)
        self.place.start([*_PREFECT, "worker", "start", "--pool", _POOL], **self._env)
        eventually(self._has_worker, "Prefect's worker")

    def start(self) -> float:
        deployments = self._workspace.post("deployments/filter", limit=200)
        due = monotonic()
        for deployment in deployments:
            run = self._workspace.post(f"deployments/{deployment['id']}/create_flow_run")
            self._runs.append(run["id"])
        return due

    def is_over(self) -> bool:
        open_runs = {"id": {"any_": self._runs}, "state": {"type": {"not_any_": _FINAL}}}
        try:
            return bool(self._workspace.post("flow_runs/count", flow_runs=open_runs) == 0)
        except httpx.HTTPError:  # it is too busy to answer
            return False

    def beat(self) -> float | None:
        return None

    @property
    def _env(self) -> Mapping[str, str]:
        own = {name: value for name, value in self._workspace.env.items() if name.startswith("PREFECT_")}
        return own | {"PREFECT_API_URL": self._workspace.api, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

    def _yaml(self) -> dict[str, Any]:
        folder = str(self.place.folder)
        paths = self.place.workload.paths
        if self.one_flow:
            deployments = [self._deployment("all_scripts", [str(path) for path in paths])]
        else:
            deployments = [self._deployment("one_script", [str(path)], path.stem) for path in paths]
        pull = [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}]
        return {"name": "bench", "pull": pull, "deployments": deployments}

    def _deployment(self, flow: str, paths: list[str], name: str = "all") -> dict[str, Any]:
        """A deployment with a schedule that has runs to keep, but none due while it is measured."""
        anchor = datetime.now(UTC) + timedelta(hours=12)
        return {
            "name": name,
            "entrypoint": f"flows.py:{flow}",
            "parameters": {"paths": paths},
            "work_pool": {"name": _POOL},
            "schedules": [{"interval": 86400, "anchor_date": anchor.isoformat(), "timezone": "UTC"}],
        }

    def _has_worker(self) -> bool:
        found = self._workspace.post(f"work_pools/{_POOL}/workers/filter")
        return any(worker["status"] == "ONLINE" for worker in found)


_PREFECT = (sys.executable, "-m", "prefect")
