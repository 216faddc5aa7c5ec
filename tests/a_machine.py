"""A copy of `machine/`, with its paths as they are where it has been copied to."""

from __future__ import annotations

import shutil
from pathlib import Path

#: The machine itself, of which tests change only copies.
FOLDER = Path(__file__).with_name("machine")

#: Another one, whose scripts are real, and many of them PowerShell.
POWERSHELL = FOLDER.with_name("powershell_machine")


def copied(folder: Path) -> Path:
    """Copy the machine into a folder; return where it is."""
    machine = Path(shutil.copytree(FOLDER, folder / "machine"))
    for path in (machine / "tasks.xml", machine / "wsl.crontab", *(machine / "units").iterdir()):
        located = path.read_bytes().replace(b"/machine", machine.as_posix().encode())
        path.write_bytes(located)
    return machine


def powershell_copied(folder: Path) -> Path:
    """Copy the machine of PowerShell scripts into a folder; return where it is."""
    machine = Path(shutil.copytree(POWERSHELL, folder / "machine"))
    shutil.copy(FOLDER / "scripts" / "diary.py", machine / "scripts")
    return machine


def scripts() -> list[str]:
    """The names of the 42 scripts that are on a timer."""
    return sorted(
        path.stem
        for path in (FOLDER / "scripts").glob("*.py")
        if "written_down(" in path.read_text(encoding="utf-8") and path.stem != "diary"
    )
