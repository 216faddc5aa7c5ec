"""The first line of a Python script on Windows, read as Python's launcher `py` reads it.

https://docs.python.org/3/using/windows.html#shebang-lines has the rules. What they leave to the launcher
(which Python is the default one, what its py.ini adds) is left to it, if it is installed.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from tasks.interpreters.script_kind import ScriptRefusedError

#: How a line begins that names no file, but a Python for the launcher to find.
_VIRTUAL = ("/usr/bin/env ", "/usr/bin/", "/usr/local/bin/", "python")
_PATH = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>\S+))(?P<arguments>.*)')
_READ = 4096  # bytes, as the launcher does


def words(script: Path, launcher: str | None) -> list[str]:
    """Return what is to stand before a script's path; [] if its first line names no Python of this machine's.

    `launcher` is the launcher's own path, if it is installed.

    Raises:
        ScriptRefusedError: the line names a program that is not there.
    """
    line = _first_line(script)
    if not line:
        return []
    by_launcher = [launcher] if launcher else []
    found = _PATH.match(line)
    if line.startswith(_VIRTUAL) or found is None:
        return by_launcher
    named = found["quoted"] or found["plain"]
    program = script.parent / named
    if program.is_file():
        return [str(program), *found["arguments"].split()]
    if named.startswith("/") and PurePosixPath(named).name.startswith("python"):
        return []  # another system's
    if not set(named) & set(":\\/"):
        return by_launcher  # a command of its py.ini, perhaps
    raise ScriptRefusedError(
        f"{script.name}: its first line names {named} to run it, which is not there",
        "Install it, or correct the first line.",
    )


def _first_line(script: Path) -> str:
    """Return what follows the #! of a script; "" without one."""
    try:
        with script.open("rb") as file:
            start = file.read(_READ)
    except OSError:
        return ""
    line = start.removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    if not line or not line[0].startswith(b"#!"):
        return ""
    return line[0].removeprefix(b"#!").decode("utf-8", "replace").strip()
