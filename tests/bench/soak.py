"""What becomes of an hour in which something dies every two minutes: `python -m tests.bench soak`.

`rhythm up` beats every ten seconds: a quick script, a chatty one, one that is killed, one that forks, and a
slow one in a lane of its own. Every two minutes, kill -9 ends a random part: the daemon, or what runs a
script (three deaths of the daemon within a minute of its starts would end `rhythm up`, as they should).

A slot of the quick script is *doubled* if it completed in it more than once: that must never be. The longest
*gap* between two of its runs shows how long the rhythm stood still.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

import psutil

from tests.bench.progress import heading, tell
from tests.end_to_end.workspace import Running, Workspace
from tests.waiting import LIMIT, eventually

_MINUTES, _QUICK = 60, 6
_KILL_EVERY = 2  # minutes
_INTERVAL = 10  # seconds
_LOOK = 5.0  # seconds between two looks at memory and descriptors

_SCRIPTS = {
    "chatty.py": "for n in range(20_000): print('line', n)",
    "crashes.py": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "forks.py": """
import subprocess, sys
for _ in range(20):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
sys.exit(1)
""",
    "slow.py": "import time; time.sleep(45)",
}
_TOML = f"""
[groups.quick]
every = "{_INTERVAL}s"
steps = ["work.py quick"]
[groups.chatty]
every = "30s"
steps = ["chatty.py"]
[groups.crashes]
every = "30s"
steps = ["crashes.py"]
[groups.forks]
every = "1m"
steps = ["forks.py"]
[groups.slow]
every = "1m"
lane = "long"
steps = ["slow.py"]
"""


def run(_repeats: int, quick: bool) -> None:
    """Measure and print, a row for each two minutes; `quick` ends after six."""
    print(heading())
    print("\n| minute | killed | runs of quick | doubled | longest gap, s | memory, MB | descriptors |")
    print("|" + " --- |" * 7)
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-", ignore_cleanup_errors=True) as name:
        workspace = Workspace(Path(name))
        for script, text in _SCRIPTS.items():
            workspace.script(script, text)
        workspace.toml(_TOML)
        with workspace.up() as up:
            _beats_often(workspace)
            for minute in range(_KILL_EVERY, (_QUICK if quick else _MINUTES) + 1, _KILL_EVERY):
                began = monotonic()
                memory, descriptors = _looks(up, began + 60 * _KILL_EVERY)
                cells = [_kill_one(up), *_of_quick(workspace), f"{memory:.0f}", str(descriptors)]
                print(f"| {minute} | {' | '.join(cells)} |", flush=True)
                tell(f"{minute} min")
        left = [process for process in psutil.process_iter() if _is_below(process, workspace.root)]
        print(f"\nProcesses left behind: {len(left)}")


def _beats_often(workspace: Workspace) -> None:
    eventually(lambda: workspace.is_served() and workspace.ended("quick"), "the first beat", limit=5 * LIMIT)
    every = ("--interval", str(_INTERVAL))
    added = workspace.prefect("--no-prompt", "deployment", "schedule", "create", "rhythm/rhythm", *every)
    if added.returncode:
        raise RuntimeError(added.stdout + added.stderr)


def _looks(up: Running, until: float) -> tuple[float, int]:
    """Return the most MB and descriptors of all of it, seen in the time."""
    most_memory, most_descriptors = 0.0, 0
    while monotonic() < until:
        memory, descriptors = 0, 0
        for process in up.tree():
            with suppress(psutil.Error):
                memory += process.memory_info().rss
                descriptors += process.num_fds()
        most_memory = max(most_memory, memory / 2**20)
        most_descriptors = max(most_descriptors, descriptors)
        sleep(_LOOK)
    return most_memory, most_descriptors


def _kill_one(up: Running) -> str:
    """End a random part with kill -9; return what it was."""
    parts = [process for process in up.tree() if process.pid != up.process.pid]
    while parts:
        process = parts.pop(random.randrange(len(parts)))
        with suppress(psutil.Error):
            argv = process.cmdline()
            process.kill()
            return next((Path(word).name for word in argv[1:] if not word.startswith("-")), process.name())
    return "nothing"


def _of_quick(workspace: Workspace) -> list[str]:
    """Return how often it ran, how many slots it completed twice in, and the longest gap in seconds."""
    mine = [(at, what) for at, who, what in workspace.notes() if who == "quick"]
    completed = [at for (at, what), (_, then) in pairwise(mine) if (what, then) == ("begin", "end")]
    doubled = sum(count > 1 for count in Counter(int(at // _INTERVAL) for at in completed).values())
    gap = max((later - earlier for earlier, later in pairwise(completed)), default=0.0)
    return [str(len(completed)), str(doubled), f"{gap:.0f}"]


def _is_below(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error):
        return any(str(folder) in word for word in process.cmdline())
    return False
