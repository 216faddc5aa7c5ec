"""A user's folder of its own for one test: rhythm.toml, scripts, Prefect's home and port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import psutil

from tests.waiting import LIMIT, eventually

PROJECT = Path(__file__).resolve().parents[2]
ORDER = ["health_check", "performance_analysis", "system_maintenance", "daily_routine", "event_analysis"]

# One for all: each makes a context for TLS, which takes 24 ms of CPU, and tests ask a lot. No connection is
# kept, as servers are ended.
_client = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))

# `work.py WHO` notes that it ran; with a file hold-WHO there, it and a child of its own hang until that
# is gone.
WORK = """
import os, pathlib, subprocess, sys, time
who = sys.argv[1]
def note(what):
    with open(os.environ["NOTES"], "a", encoding="utf-8") as file:
        file.write(f"{time.time()} {who} {what}\\n")
note("begin")
print("working", who)
hold = pathlib.Path(os.environ["NOTES"]).with_name("hold-" + who)
if hold.exists():
    child = "import sys, time, pathlib\\nwhile pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)"
    subprocess.Popen([sys.executable, "-c", child, str(hold), __file__])
    while hold.exists():
        time.sleep(0.05)
note("end")
"""


@dataclass
class Workspace:
    """A folder with all that a rhythm needs, apart from everybody else's."""

    root: Path
    port: int = field(default_factory=lambda: free_port())
    more: dict[str, str] = field(default_factory=dict)
    """Variables for all that is started here."""

    def __post_init__(self) -> None:
        self.scripts.mkdir(exist_ok=True)
        self.script("work.py", WORK)

    @property
    def scripts(self) -> Path:
        return self.root / "scripts"

    @property
    def home(self) -> Path:
        return self.root / "prefect"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def password(self) -> str | None:
        """What the server is asked by, once one of ours has made it."""
        file = self.home / "rhythm-server-password"
        return file.read_text(encoding="ascii").strip() if file.exists() else None

    @property
    def env(self) -> dict[str, str]:
        mine = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "RHYTHM_"))}
        return mine | {
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_API_PORT": str(self.port),
            "RHYTHM_CONFIG": str(self.root / "rhythm.toml"),
            "RHYTHM_TIMEZONE": "UTC",
            "RHYTHM_PACING__BUSY_ABOVE": "0",  # other tests are others' use of the CPU
            "NOTES": str(self.root / "notes.txt"),
            "PYTHONUTF8": "1",  # Prefect's own commands die of their frames in a Windows code page
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), mine["PATH"]]),
            **self.more,
        }

    def script(self, name: str, text: str) -> None:
        (self.scripts / name).write_text(text, encoding="utf-8")

    def toml(self, text: str) -> None:
        (self.root / "rhythm.toml").write_text(text, encoding="utf-8")

    def five_groups(self, every: str = "", **steps: str) -> None:
        """The shipped five groups; `steps` replaces a group's one step, `work.py GROUP`.

        `every` is how often each of them runs, if not as often as the shipped ones.
        """
        cadence = {
            "health_check": 'every = "10m"',
            "performance_analysis": 'every = "30m"\nafter = ["health_check"]',
            "system_maintenance": 'every = "60m"\nafter = ["performance_analysis"]',
            "daily_routine": 'at = "03:00"\nfirst_run = "now"\nafter = ["system_maintenance"]',
            "event_analysis": 'every = "120m"\nafter = ["performance_analysis"]',
        }
        if every:
            cadence = dict.fromkeys(cadence, f'every = "{every}"')
        self.toml(
            "\n".join(
                f"[groups.{name}]\n{when}\nsteps = [{steps.get(name, json.dumps(f'work.py {name}'))}]\n"
                for name, when in cadence.items()
            )
        )

    def hold(self, who: str) -> Path:
        """Make `work.py WHO` hang from now on, until the returned file is deleted."""
        path = self.root / f"hold-{who}"
        path.touch()
        return path

    def began(self, who: str) -> int:
        """How often `work.py WHO` has begun."""
        return self.notes_of(who, "begin")

    def ended(self, who: str) -> int:
        """How often `work.py WHO` has got to its end."""
        return self.notes_of(who, "end")

    def notes_of(self, who: str, what: str) -> int:
        return sum(1 for _, whose, whats in self.notes() if (whose, whats) == (who, what))

    def notes(self) -> list[tuple[float, str, str]]:
        """What `work.py` noted: (time, argument, begin or end)."""
        path = self.root / "notes.txt"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        parts = [line.split() for line in lines]
        return [(float(at), who, what) for at, who, what in parts]

    def rhythm(self, *args: str, limit: float = 2 * LIMIT) -> subprocess.CompletedProcess[str]:
        return self.run(self.command(*args), limit)

    def prefect(self, *args: str, limit: float = 2 * LIMIT) -> subprocess.CompletedProcess[str]:
        return self.run(self.prefect_command(*args), limit, **self.prefect_env)

    @property
    def folder(self) -> Path:
        """Where commands are started."""
        return PROJECT

    def command(self, *args: str) -> list[str]:
        """The `rhythm` command."""
        return [sys.executable, "-m", "deployments.cli.main", *args]

    def prefect_command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "prefect", *args]

    @property
    def prefect_env(self) -> dict[str, str]:
        """What Prefect's own commands need beside `env`, as `rhythm env --secrets` prints it."""
        known = {"PREFECT_API_AUTH_STRING": self.password} if self.password else {}
        return {"PREFECT_API_URL": self.api, **known}

    def run(
        self, argv: Sequence[str], limit: float, folder: Path | None = None, /, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - the project's own commands
            argv,
            cwd=folder or self.folder,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=limit,
            check=False,
        )

    def beat(self, *args: str) -> dict[str, Any]:
        """`rhythm beat --json`, read."""
        done = self.rhythm("beat", "--json", *args)
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found | {"exit_code": done.returncode}

    @contextmanager
    def start(self, *argv: str, **env: str) -> Iterator[Running]:
        """Run a program beside the test, and end it and all below it in the end."""
        running = Running(argv, self.env | env, self.folder, self.root / f"{monotonic()}.log")
        try:
            yield running
        finally:
            running.end()

    def up(self, *options: str) -> Any:
        """`rhythm up`, for the length of a `with` block."""
        return self.start(*self.command("up", *options))

    @contextmanager
    def served(self, *module: str) -> Iterator[None]:
        """A plain `prefect server start` in the project's folder, or another module that serves."""
        with self.start(sys.executable, "-m", *(module or ("prefect", "server", "start"))):
            eventually(self.is_served, "the server")
            yield

    def deploy(self) -> None:
        """Prefect's own commands, as its users type them, in the folder that has the rhythm.toml."""
        for argv in (
            self.command("init"),
            self.prefect_command("work-pool", "create", "rhythm", "--type", "rhythm"),
            self.prefect_command("--no-prompt", "deploy", "--all"),
        ):
            done = self.run(argv, 2 * LIMIT, self.root, **self.prefect_env)
            assert done.returncode == 0, done.stdout + done.stderr

    def force(self, *groups: str) -> str:
        """Ask for a beat that runs these groups, due or not; return its id once a worker has it.

        A scheduled beat that has just begun makes Prefect cancel it: then it is asked for again.
        """
        deployment = self.get("deployments/name/rhythm/rhythm")["id"]

        def taken() -> str:
            run = self.post(
                f"deployments/{deployment}/create_flow_run",
                parameters={"options": {"force": groups}},
                state={"type": "SCHEDULED"},
            )["id"]
            eventually(lambda: self.state(run) not in ("SCHEDULED", "PENDING"), "a worker to take the beat")
            return "" if self.state(run) == "CANCELLED" else run

        return eventually(taken, "a beat that is not cancelled")

    def state(self, run: str) -> str:
        """The type of a flow run's state."""
        (found,) = self.post("flow_runs/filter", flow_runs={"id": {"any_": [run]}})
        return str(found["state_type"])

    def get(self, path: str) -> Any:
        """Ask the API; anything but success is an error."""
        return self._ask("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        """Ask the API with a body; anything but success is an error."""
        return self._ask("POST", path, json=body)

    def patch(self, path: str, **body: Any) -> None:
        """Change something by the API; anything but success is an error."""
        self._ask("PATCH", path, json=body)

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        for _ in range(20):  # Prefect's own server on a busy SQLite answers 503; its client asks again, too
            auth = httpx.BasicAuth(*self.password.split(":", 1)) if self.password else None
            answer = _client.request(method, f"{self.api}/{path}", timeout=2 * LIMIT, auth=auth, **content)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            sleep(0.2)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def is_served(self) -> bool:
        try:
            return _client.get(f"{self.api}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def runs(self, flow: str, *states: str) -> list[dict[str, Any]]:
        """The runs of a flow, oldest first; of these states, or of all that have begun."""
        body: dict[str, Any] = {
            "flows": {"name": {"any_": [flow]}},
            "flow_runs": {"state": {"type": {"any_": list(states)}}}
            if states
            else {"start_time": {"is_null_": False}},
            "sort": "EXPECTED_START_TIME_ASC",
        }
        found: list[dict[str, Any]] = self.post("flow_runs/filter", **body)
        return found

    def task_runs(self, flow_run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.post(
            "task_runs/filter", task_runs={"flow_run_id": {"any_": [flow_run_id]}}
        )
        return found

    def logs(self, *flow_run_ids: str) -> list[str]:
        lines = self.post("logs/filter", logs={"flow_run_id": {"any_": list(flow_run_ids)}}, limit=200)
        return [line["message"] for line in lines]


class Running:
    """A program beside the test."""

    def __init__(self, argv: Sequence[str], env: dict[str, str], folder: Path, log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = psutil.Popen(
                argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            )
        self.seen: set[psutil.Process] = set()

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def tree(self) -> list[psutil.Process]:
        """All that it has started so far and that lives, itself included."""
        with suppress(psutil.NoSuchProcess):
            self.seen |= {self.process, *self.process.children(recursive=True)}
        return [process for process in self.seen if is_running(process)]

    def child(self, *words: str) -> psutil.Process | None:
        """The process below it whose command line has all these words.

        Not the cmd.exe by which Prefect's worker starts it on Windows: that has them in one.
        """
        for process in self.tree():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if process.pid != self.process.pid and set(words) <= set(line):
                return process
        return None

    def terminate(self) -> None:
        self.tree()
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        if is_running(self.process):
            self.terminate()
            psutil.wait_procs(self.tree(), timeout=LIMIT)
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                process.kill()


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def scripts_alive(workspace: Workspace) -> list[psutil.Process]:
    """All processes that run something in the workspace's scripts folder, whoever started them."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if is_running(process) and any(str(workspace.scripts) in word for word in line):
            found.append(process)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
