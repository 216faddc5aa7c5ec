"""crontabs: a user's, and the system's with the user in its sixth column."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from deployments.adopt import paths
from deployments.adopt.commands import shell
from deployments.adopt.job import Difference, Found, Job, Kind, Origin, Switch, Trigger
from deployments.adopt.schedules import cron_fields
from tasks.problem import Problem

_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LINE = re.compile(r"-?(?P<fields>[\d*][\d*,/-]*(?:\s+[\w*,/#-]+){4})\s+(?P<rest>\S.*)", re.DOTALL)
_MACRO = re.compile(r"(?P<macro>@\w+)\s+(?P<rest>\S.*)", re.DOTALL)
_ENVIRONMENT = re.compile(r"(?P<quote>[\"']?)(?P<name>[A-Za-z_]\w*)(?P=quote)\s*=\s*(?P<value>.*)", re.DOTALL)
_USER = re.compile(r"(?P<user>[a-z_][a-z0-9_-]*\$?)\s+(?P<command>\S.*)", re.DOTALL)
# What stands in the sixth column of system crontabs, and is no command of a user's.
_ACCOUNTS = frozenset(
    {"root", "nobody", "daemon", "www-data", "postgres", "mysql", "backup", "man", "list", "logcheck"}
)
# Variables that are for cron itself.
_CRONS_OWN = ("SHELL", "MAILTO", "MAILFROM", "CRON_TZ", "TZ", "RANDOM_DELAY", "LOGNAME", "CONTENT_TYPE")


@dataclass(slots=True)
class _Line:
    number: int
    schedule: str
    rest: str
    about: str
    env: dict[str, str] = field(default_factory=dict)


def looks_like(text: str) -> bool:
    """Whether a text is a crontab: half its lines are cron's, and one of them at least is a job."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    jobs = [line for line in lines if (found := _schedule(line)) and _is_valid(found[0])]
    settings = [line for line in lines if _ENVIRONMENT.fullmatch(line)]
    return bool(jobs) and 2 * (len(jobs) + len(settings)) >= len(lines) and len(jobs) >= len(settings) / 8


def read(text: str, origin: Origin) -> Found:
    """Given a crontab's text, return its jobs; malformed lines are problems, and reading goes on."""
    found = Found()
    lines = list(_lines(text, origin, found))
    system = _is_system(lines, origin)
    for line in lines:
        user, command = None, line.rest
        if system:
            named = _USER.fullmatch(line.rest)
            if named is None:
                problem = "has no command behind its user"
                found.problems.append(
                    Problem(origin.line(line.number), problem, "A system crontab names the user first.")
                )
                continue
            user, command = named["user"], named["command"]
        found.jobs.append(_job(line, user, command, origin))
    if text and not text.endswith("\n") and found.jobs:
        last = found.jobs[-1]
        difference = Difference(
            "it stands in a last line without an end, which cron leaves out", "It may never have run: look."
        )
        found.jobs[-1] = last.with_differences(difference)
    return found


def _lines(text: str, origin: Origin, found: Found) -> Iterator[_Line]:
    """Yield the lines that are jobs, with the variables that are set above them."""
    env: dict[str, str] = {}
    about: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("#"):
            about.append(line.lstrip("# "))
            continue
        if not line:
            about = []
            continue
        where = origin.line(number)
        if (setting := _ENVIRONMENT.fullmatch(line)) and not line[0].isdigit():
            env = {**env, setting["name"]: _unquoted(setting["value"])}
        elif schedule := _schedule(line):
            if problem := _problem(schedule[0]):
                found.problems.append(
                    Problem(where, problem, "Correct the line; man 5 crontab has the rules.")
                )
            else:
                yield _Line(number, schedule[0], schedule[1], " ".join(about), env)
        else:
            problem = f"is not a crontab line: {line[:80]}"
            found.problems.append(Problem(where, problem, "Write five fields and a command."))
        about = []


def _schedule(line: str) -> tuple[str, str] | None:
    found = _MACRO.fullmatch(line)
    if found:
        return found["macro"].lower(), found["rest"]
    found = _LINE.fullmatch(line)
    return (found["fields"], found["rest"]) if found else None


def _problem(schedule: str) -> str:
    if schedule == "@reboot" or schedule in _MACROS:
        return ""
    if schedule.startswith("@"):
        return f"'{schedule}' is not a cron schedule"
    try:
        cron_fields.trigger(schedule)
    except ValueError as error:
        return str(error)
    return ""


def _is_valid(schedule: str) -> bool:
    return not _problem(schedule)


def _is_system(lines: list[_Line], origin: Origin) -> bool:
    """Whether the sixth column names users: by where the file lies, or as all lines have an account there."""
    path = origin.name.replace("\\", "/")
    if path.endswith("/etc/crontab") or "/cron.d/" in path:
        return True
    first = [line.rest.split(None, 1) for line in lines]
    return bool(first) and all(len(words) == 2 and words[0] in _ACCOUNTS for words in first)


def _job(line: _Line, user: str | None, command: str, origin: Origin) -> Job:
    before, _, given = re.sub(r"\\%", "\0", command).partition("%")
    written = before.replace("\0", "%").strip()
    known = {name: value for name, value in line.env.items() if name not in _CRONS_OWN}
    run = shell.read(written, line.env.get("HOME"), line.env)
    name = paths.stem(run.script) if run.script else paths.stem(written.split()[0] if written else "line")
    differences = [*run.differences, *_differences(line.env, user)]
    doubts = list(run.doubts)
    if given:
        doubts.append("it is given text on its standard input (after %)")
    path = known.pop("PATH", None)
    used = {each: value for each, value in known.items() if each != "HOME"}
    return Job(
        source=origin.line(line.number),
        name=name or "line",
        command=written,
        script=run.script,
        args=run.args,
        cwd=run.cwd,
        through=run.through,
        triggers=(_trigger(line.schedule),),
        time_limit_minutes=run.time_limit_minutes,
        env={**used, **({"PATH": path} if path else {}), **run.env},
        python=run.python,
        differences=tuple(differences),
        doubts=tuple(doubts),
        switch=_switch(line.number, origin),
        text=line.about,
    )


def _trigger(schedule: str) -> Trigger:
    if schedule == "@reboot":
        return Trigger(Kind.STARTUP)
    return cron_fields.trigger(_MACROS.get(schedule, schedule))


def _differences(env: dict[str, str], user: str | None) -> Iterator[Difference]:
    if mail := env.get("MAILTO"):
        yield Difference(
            f"its output was mailed to {mail}", "Look it up in Prefect, which can notify as well."
        )
    if zone := env.get("CRON_TZ") or env.get("TZ"):
        yield Difference(
            f"its times are those of {zone}", f'Set it for all: timezone = "{zone}" in rhythm.toml.'
        )
    if user and user != "root":
        yield Difference(
            f"it ran as {user}; here as whoever starts Rhythm", "Look what it may then no longer do."
        )
    elif user:
        yield Difference(
            "it ran as root; here as whoever starts Rhythm", "Look what it may then no longer do."
        )


def _switch(number: int, origin: Origin) -> Switch:
    """Comment the line out, and in again. A user's own crontab has no file to name."""
    off, on = f"{number}s/^/#rhythm# /", f"{number}s/^#rhythm# //"
    if origin.folder is None:
        return Switch(f"crontab -l | sed '{off}' | crontab -", f"crontab -l | sed '{on}' | crontab -")
    file = shlex.quote(str(origin.folder / paths.name(origin.name)))
    return Switch(f"sed -i '{off}' {file}", f"sed -i '{on}' {file}")


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
