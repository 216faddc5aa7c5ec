"""cronstable: one DAG of the five groups, and a pool of one slot, so that its tasks run one at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import yaml

from tests.bench import NOT_INSTALLED
from tests.bench.system import LeftOutError, Place
from tests.end_to_end.workspace import free_port
from tests.waiting import eventually

_DAG = "groups"


@dataclass
class Cronstable:
    """Its daemon with a state folder, which its DAGs need; one is triggered by its API."""

    place: Place
    period: float | None = 60.0
    _port: int = field(default_factory=free_port)

    def prepare(self) -> None:
        if find_spec("cronstable") is None:
            raise LeftOutError(NOT_INSTALLED)
        self.place.workload.write()
        config = self.place.folder / "cronstable.yaml"
        config.write_text(yaml.safe_dump(self._config()), encoding="utf-8")
        self.place.start([sys.executable, "-m", "cronstable", "-c", str(config)])
        eventually(self._answers, "cronstable")

    def start(self) -> float:
        due = monotonic()
        httpx.post(f"{self._url}/dags/{_DAG}/trigger", timeout=30).raise_for_status()
        return due

    def is_over(self) -> bool:
        return False

    def beat(self) -> float | None:
        return None

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _config(self) -> dict[str, Any]:
        return {
            "web": {"listen": [self._url]},
            "state": {"path": str(self.place.folder / "state")},
            "pools": {"one": {"slots": 1}},
            "dags": [{"name": _DAG, "tasks": list(self._tasks())}],
        }

    def _tasks(self) -> Iterator[dict[str, Any]]:
        """Each group's tasks come after all of the group before."""
        before: list[Path] = []
        for paths in self.place.workload.groups().values():
            for path in paths:
                task = {"id": path.stem, "command": [sys.executable, str(path)], "pool": "one"}
                yield task | ({"dependsOn": [other.stem for other in before]} if before else {})
            before = paths

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self._url}/version", timeout=5).is_success
        except httpx.HTTPError:
            return False
