"""The work that every system is given: 42 scripts in five groups, each of which notes its begin and end."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = 42
BUSY = 0.15  # seconds of CPU of each, beyond its interpreter's start
ASLEEP = 0.3  # seconds that it waits, as for a disk or a network
GROUPS = ("health_check", "performance_analysis", "system_maintenance", "daily_routine", "event_analysis")

# time.monotonic() is the same clock in every process of a Linux machine.
_SCRIPT = """import time

def note(what):
    with open({notes!r}, "a") as file:
        file.write(f"{{time.monotonic()}} {name} {{what}}\\n")

note("begin")
begun = time.process_time()
while time.process_time() - begun < {busy}:
    pass
time.sleep({asleep})
note("end")
"""


@dataclass(frozen=True)
class Workload:
    """The scripts in a folder, and their notes beside it."""

    folder: Path

    def __post_init__(self) -> None:
        self.scripts.mkdir(parents=True, exist_ok=True)

    @property
    def scripts(self) -> Path:
        return self.folder / "scripts"

    @property
    def names(self) -> list[str]:
        return [f"script_{number:02}" for number in range(SCRIPTS)]

    @property
    def paths(self) -> list[Path]:
        """The scripts, in the order of their groups."""
        return [self.scripts / f"{name}.py" for name in self.names]

    @property
    def argvs(self) -> list[list[str]]:
        """What starts each of them."""
        return [[sys.executable, str(path)] for path in self.paths]

    def groups(self) -> dict[str, list[Path]]:
        """Return the scripts of each of the five groups: 9, 9, 8, 8 and 8."""
        each, more = divmod(SCRIPTS, len(GROUPS))
        ahead = iter(self.paths)
        return {
            name: [next(ahead) for _ in range(each + (number < more))] for number, name in enumerate(GROUPS)
        }

    def write(self) -> None:
        """Write the scripts."""
        for name, path in zip(self.names, self.paths, strict=True):
            text = _SCRIPT.format(notes=str(self._notes), name=name, busy=BUSY, asleep=ASLEEP)
            path.write_text(text, encoding="utf-8")

    def write_idle(self) -> None:
        """Write scripts that do nothing, and note nothing: for what a system does before it is measured."""
        for path in self.paths:
            path.write_text("", encoding="utf-8")

    def ended(self) -> dict[str, float]:
        """Return when each script that has got to its end did so first (monotonic)."""
        return self._noted("end")

    def began(self) -> dict[str, float]:
        """Return when each script that was started was so first (monotonic)."""
        return self._noted("begin")

    @property
    def _notes(self) -> Path:
        return self.folder / "notes.txt"

    def _noted(self, what: str) -> dict[str, float]:
        if not self._notes.exists():
            return {}
        lines = [line.split() for line in self._notes.read_text(encoding="utf-8").splitlines()]
        found: dict[str, float] = {}
        for at, name, whats in lines:
            if whats == what:
                found.setdefault(name, float(at))
        return found
