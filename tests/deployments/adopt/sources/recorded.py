"""What scripts that register tasks do on a real PowerShell, with recorders in the place of what registers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from deployments.adopt.job import Job, Origin
from deployments.adopt.sources import task_xml
from tests.deployments.adopt.sources import schtasks
from tests.deployments.adopt.sources import task_xml as written

_RECORDER = Path(__file__).with_name("recorder")
_PROGRAMS = ("schtasks", "schtasks.exe", "cmd", "cmd.exe")
#: The seconds of the recorder's now: a start boundary that has them is computed from it.
_NOW = ":07"

_Task = Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """What one script would have registered, and the errors that it met."""

    jobs: list[Job]
    errors: list[str]


def run(scripts: Mapping[Path, Mapping[str, Any]], folder: Path, program: Path) -> dict[Path, Recorded]:
    """Run scripts with parameters by PowerShell; `folder` is empty, and `program` where pwsh is.

    They are run on a Korean system, for a user who is an administrator.
    """
    (folder / "bin").mkdir()
    for name in _PROGRAMS:
        command = folder / "bin" / name
        source = (_RECORDER / "command.py").read_text(encoding="utf-8")
        command.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
        command.chmod(0o755)
    given = [{"path": str(path), "parameters": dict(words)} for path, words in scripts.items()]
    (folder / "scripts.json").write_text(json.dumps(given), encoding="utf-8")
    subprocess.run(  # noqa: S603 - the project's own
        [
            *(program / "pwsh", "-NoProfile", "-NonInteractive", "-File", _RECORDER / "record.ps1"),
            *("-Scripts", folder / "scripts.json", "-Out", folder / "recorded.json"),
        ],
        cwd=folder,
        env=os.environ
        | {"HOME": str(folder), "LC_ALL": "ko_KR.UTF-8", "USERNAME": "kim"}
        | {"PATH": os.pathsep.join([str(folder / "bin"), str(program), os.environ["PATH"]])},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    recorded = json.loads((folder / "recorded.json").read_text(encoding="utf-8"))
    return {Path(each["path"]): _recorded(each) for each in recorded}


def _recorded(of: _Task) -> Recorded:
    errors = [*([of["ended"]] if of["ended"] else []), *of["errors"]]
    origin = Origin(Path(of["path"]).name, Path(of["path"]).parent)
    texts = [_xml(task) for task in of["tasks"]] + [
        xml for xml in map(schtasks.created, of["commands"]) if xml
    ]
    return Recorded([job for text in texts for job in task_xml.read(text, origin).jobs], errors)


def _xml(task: _Task) -> str:
    """Return the XML that Task Scheduler would keep of a task."""
    uri = written.element("URI", task["TaskName"])
    if "Xml" in task:
        return str(task["Xml"]).replace("<Triggers>", f"<RegistrationInfo>{uri}</RegistrationInfo><Triggers>")
    settings = task["Settings"] or {}
    principal = task["Principal"] or {}
    level = "HighestAvailable" if principal.get("RunLevel") == "Highest" else "LeastPrivilege"
    return written.task(
        "".join(_trigger(each) for each in task["Triggers"] or ()),
        "".join(
            written.execute(each["Execute"], each["Arguments"], each["WorkingDirectory"])
            for each in task["Actions"]
        ),
        "".join(_settings(settings)),
        uri="\\" + escape(task["TaskName"]),
        principal=written.element("UserId", principal.get("UserId")) + written.element("RunLevel", level),
    )


def _settings(settings: _Task) -> Iterator[str]:
    for name, value in settings.items():
        if name not in ("RestartCount", "RestartInterval", "MultipleInstances"):
            yield written.element(name, str(value).lower() if isinstance(value, bool) else value)
    yield written.element("MultipleInstancesPolicy", settings.get("MultipleInstances"))
    if settings.get("RestartCount"):
        inner = written.element("Interval", settings["RestartInterval"]) + written.element(
            "Count", settings["RestartCount"]
        )
        yield f"<RestartOnFailure>{inner}</RestartOnFailure>"


def _trigger(trigger: _Task) -> str:
    repetition = trigger["Repetition"] or {}
    start = str(trigger["StartBoundary"] or "")
    inner = written.element("StartBoundary", "" if start.endswith(_NOW) else start)
    if repetition.get("Interval"):
        parts = written.element("Interval", repetition["Interval"]) + written.element(
            "Duration", repetition["Duration"]
        )
        inner += f"<Repetition>{parts}</Repetition>"
    inner += written.element("Delay", trigger["Delay"]) + written.element(
        "RandomDelay", trigger["RandomDelay"]
    )
    match trigger["Kind"]:
        case "Daily":
            return written.calendar(inner, "Day", written.element("DaysInterval", trigger["DaysInterval"]))
        case "Weekly":
            weeks = written.element("WeeksInterval", trigger["WeeksInterval"])
            return written.calendar(inner, "Week", weeks + written.days_of_week(trigger["DaysOfWeek"]))
        case kind:
            name = {"Once": "TimeTrigger", "AtStartup": "BootTrigger", "AtLogOn": "LogonTrigger"}[kind]
            return f"<{name}>{inner}</{name}>"
