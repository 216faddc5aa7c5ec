"""A `rhythm up` that is measured: started in a place, asked for beats, and what these cost."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from statistics import median

from tests.bench.measure import SETTLE
from tests.bench.system import LeftOutError, Place
from tests.bench.workload import GROUPS
from tests.end_to_end.workspace import PROJECT, Workspace
from tests.waiting import eventually

#: Seconds from one scheduled beat to the next.
BEATS = 300.0
#: What a step runs that does nothing.
NOTHING = "./nothing"
_RHYTHM = (sys.executable, "-m", "deployments.cli.main")
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
_LIMIT = 3600.0  # seconds for one beat
_AFTER = 10.0  # seconds from a beat's time to when it surely has begun
_LONGEST = 60.0  # seconds from then to its end


@dataclass(frozen=True)
class Beat:
    """Seconds that a beat took by Prefect's record, those from when it was asked for, and of CPU."""

    wall: float
    asked: float
    cpu: float


@dataclass
class Up:
    """`rhythm up` with `options`, with a rhythm.toml that the workspace is given before."""

    place: Place
    options: Sequence[str] = ()
    workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.place.folder)
        self.workspace.script(NOTHING, "#!/bin/sh\nexit 0\n")
        (self.workspace.scripts / NOTHING).chmod(0o755)

    def five_groups(self) -> None:
        """Give it the shipped five groups, each of one step that does nothing."""
        self.workspace.five_groups(**dict.fromkeys(GROUPS, f'"{NOTHING}"'))

    def start(self) -> None:
        """Start it, and wait for the end of its first beat, which makes a store's tables: once in its life.

        Raises:
            LeftOutError: it does not know one of the options.
        """
        said = subprocess.run(  # noqa: S603 - the project's own command
            [*_RHYTHM, "up", "--help"], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        if unknown := [option for option in self.options if option not in said.stdout]:
            raise LeftOutError(f"`rhythm up` has no {' '.join(unknown)}")
        self.workspace.home.mkdir(exist_ok=True)
        shutil.copy(self.place.database, self.workspace.home / "prefect.db")
        self.place.tree.start(
            [*_RHYTHM, "up", *self.options],
            self.place.log,
            cwd=PROJECT,
            env=self.place.env | self.workspace.env,
        )
        eventually(self.workspace.is_served, "Rhythm's server")
        eventually(lambda: self.workspace.runs("rhythm", "COMPLETED"), "the first beat", limit=_LIMIT)

    def ask(self, groups: Sequence[str] = ()) -> str:
        """Ask for a beat that runs these groups, due or not, and all others that are due. Return its id."""
        deployment = self.workspace.get("deployments/name/rhythm/rhythm")["id"]
        run = self.workspace.post(
            f"deployments/{deployment}/create_flow_run",
            parameters={"options": {"force": list(groups)}},
            state={"type": "SCHEDULED"},
        )
        return str(run["id"])

    def seconds(self, run: str, since: str = "start_time") -> float:
        """Return the seconds of a beat that has ended, as Prefect has recorded it.

        Raises:
            RuntimeError: it did not complete.
        """
        found = self.workspace.get(f"flow_runs/{run}")
        if found["state_type"] != "COMPLETED":
            raise RuntimeError(f"a beat ended {found['state_name']}: {found['state']['message']}")
        begin, end = (datetime.fromisoformat(found[key]) for key in (since, "end_time"))
        return (end - begin).total_seconds()

    def one(self, groups: Sequence[str] = ()) -> str:
        """Ask for a beat, again if a scheduled one has it cancelled, and wait for its end. Return its id."""
        while True:
            run = self.ask(groups)
            eventually(partial(self.has_ended, run), "a beat", limit=_LIMIT)
            if self.workspace.state(run) != "CANCELLED":
                return run

    def has_ended(self, run: str) -> bool:
        """Whether nothing will come of a beat any more."""
        return self.workspace.state(run) in _FINAL

    def keep_away(self, needs: float) -> None:
        """Wait until no beat is at work, nor a scheduled one comes within so many seconds, if that can be.

        A beat that comes while another one runs is cancelled, be it ours.
        """
        since = time.time() % BEATS
        if since < _AFTER or since + min(needs, BEATS - _LONGEST) > BEATS:
            time.sleep((_AFTER - since) % BEATS)
        eventually(lambda: not self._is_busy(), "the other beats' end", _LONGEST)

    def _is_busy(self) -> bool:
        """Whether a beat is at work, or is late."""
        found = self.workspace.runs("rhythm", "SCHEDULED", "PENDING", "RUNNING")
        return any(datetime.fromisoformat(run["expected_start_time"]) <= datetime.now(UTC) for run in found)

    def cost(self, groups: Sequence[str] = (), *, times: int = 1, needs: float = 20.0) -> Beat:
        """Return what a beat costs: medians of wall of so many, the mean of CPU, the server's included.

        All must come between two scheduled beats, and so within `needs` seconds if that is possible.
        """
        self.keep_away(needs)
        before, runs = self.place.tree.read().cpu, []
        for _ in range(times):
            runs.append(self.one(groups))
        time.sleep(SETTLE)  # what the server writes in batches is a part of the cost
        spent = (self.place.tree.read().cpu - before) / times
        walls = [self.seconds(run) for run in runs]
        asked = [self.seconds(run, since="expected_start_time") for run in runs]
        return Beat(median(walls), median(asked), spent)
