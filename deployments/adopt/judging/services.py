"""Which jobs are services: at logon or start-up they start something that goes on by itself. Pure."""

from __future__ import annotations

import re

from deployments.adopt import paths
from deployments.adopt.job import Job, Kind
from deployments.adopt.judging.grouping import words

_AT_START = (Kind.LOGON, Kind.STARTUP, Kind.SESSION)

# Words for what goes on until it is stopped.
_NAMES = frozenset(
    {
        *(
            "server",
            "serve",
            "daemon",
            "service",
            "bridge",
            "gateway",
            "proxy",
            "tunnel",
            "tray",
            "listener",
            "listen",
        ),
        *(
            "bot",
            "broker",
            "webhook",
            "hub",
            "ollama",
            "ngrok",
            "agent",
            "watcher",
            "uvicorn",
            "streamlit",
            "jupyter",
        ),
        *(
            "loop",
            "forever",
            "launcher",
            "api",
            "host",
            "consumer",
            "subscriber",
            "overlay",
            "hotkey",
            "hotkeys",
        ),
    }
)
_ARGUMENTS = re.compile(
    r"--?(serve|daemon|watch|loop|forever|port|listen|background)\b|^(serve|runserver|daemon)$", re.I
)
_ENDLESS = re.compile(
    r"while\s+True\s*:|while\s*\(\s*(\$true|1)\s*\)|\bfor\s*\(\s*;\s*;\s*\)|while\s+(true|:)\s*;?\s*\n?\s*do|"
    r"serve_forever\(|run_forever\(|uvicorn\.run\(|app\.run\(|\.mainloop\(|Register-ObjectEvent|HttpListener",
    re.IGNORECASE,
)


def is_service(job: Job, script_text: str = "") -> bool:
    """Whether a job is set off only by a start of something, and what it runs goes on until it is stopped.

    That is recognised by its names, its arguments, or an endless loop in the script.
    """
    if not job.triggers or any(trigger.kind not in _AT_START for trigger in job.triggers):
        return False
    named = words(" ".join((job.name, paths.stem(job.script or "")))) & _NAMES
    asked = any(_ARGUMENTS.search(word) for word in job.args)
    return bool(named or asked or _ENDLESS.search(script_text))
