"""What Rhythm sets in its environment for itself and its Prefect. Scripts get what was there before.

What was there before is in a variable of its own, which all our processes inherit: whichever of them starts
a script knows the account's environment, however often Rhythm has started itself on the way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

from tasks.process.environment import IGNORES_CASE

#: JSON: of each variable that was set here its value before; null if it had none.
BEFORE = "RHYTHM_VARIABLES_BEFORE"
#: How Prefect's variables of one flow run begin, by which its processes find each other.
_OF_A_RUN = "PREFECT__"
#: What systemd says to the one process that it has started, which a script is not (systemd.exec(5)).
_OF_A_SERVICE = frozenset(
    {
        "FDSTORE",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDNAMES",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_PIDFDID",
        "MAINPID",
        "MANAGERPID",
        "MANAGERPIDFDID",
        "MEMORY_PRESSURE_WATCH",
        "MEMORY_PRESSURE_WRITE",
        "NOTIFY_SOCKET",
        "SYSTEMD_EXEC_PID",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
    }
)


def set_own(variables: Mapping[str, str], environ: MutableMapping[str, str] = os.environ) -> None:
    """Set variables for Rhythm alone. One that has the value already is not Rhythm's."""
    before = _before(environ)
    for name, value in variables.items():
        if environ.get(name) != value:
            before.setdefault(_key(name), environ.get(name))
            environ[name] = value
    _remember(before, environ)


def set_default(variables: Mapping[str, str], environ: MutableMapping[str, str] = os.environ) -> None:
    """Set those that have no value yet, for Rhythm alone."""
    set_own({name: value for name, value in variables.items() if name not in environ}, environ)


def note_coerced_locale(environ: MutableMapping[str, str] = os.environ) -> None:
    """Note that Python itself has set LC_CTYPE, as it does at its start where the locale is C (PEP 538).

    Linux alone keeps what a process was started with.
    """
    name = "LC_CTYPE"
    with suppress(OSError):
        started_with = Path("/proc/self/environ").read_bytes().split(b"\0")
        if name in environ and not any(each.startswith(b"LC_CTYPE=") for each in started_with):
            before = _before(environ)
            before.setdefault(name, None)
            _remember(before, environ)


def take_back(name: str, environ: MutableMapping[str, str] = os.environ) -> None:
    """Let a variable be as it was before, if Rhythm has set it."""
    before = _before(environ)
    if _key(name) in before:
        value = before.pop(_key(name))
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
        _remember(before, environ)


def accounts(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the account's own environment: without what Rhythm, Prefect and systemd set for Rhythm."""
    before = _before(environ)
    kept = {
        name: value
        for name, value in environ.items()
        if _key(name) not in before
        and name not in _OF_A_SERVICE
        and name != BEFORE
        and not name.startswith(_OF_A_RUN)
    }
    return kept | {name: value for name, value in before.items() if value is not None}


def _before(environ: Mapping[str, str]) -> dict[str, str | None]:
    with suppress(ValueError):
        found = json.loads(environ.get(BEFORE, "{}"))
        if isinstance(found, dict):
            return {str(name): value for name, value in found.items() if isinstance(value, str | None)}
    return {}  # nothing that we have written


def _remember(before: Mapping[str, str | None], environ: MutableMapping[str, str]) -> None:
    if before:
        environ[BEFORE] = json.dumps(before, sort_keys=True)
    else:
        environ.pop(BEFORE, None)


def _key(name: str) -> str:
    return name.upper() if IGNORES_CASE else name
