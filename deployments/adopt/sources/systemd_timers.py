"""systemd's timers, and the services that they start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import PurePosixPath

from deployments.adopt import paths
from deployments.adopt.commands import invocation
from deployments.adopt.job import Difference, Found, Job, Kind, Origin, Switch, Trigger
from deployments.adopt.schedules import on_calendar
from deployments.adopt.sources import unit_files
from deployments.adopt.sources.unit_files import Unit
from tasks.problem import Problem

_USER_FOLDERS = (".config/systemd/user", ".local/share/systemd/user", "/usr/lib/systemd/user")
_AT_START = ("default.target", "multi-user.target", "graphical.target")
# What a service may ask for that Rhythm does not give, and what to do about it.
_LIMITS = ("MemoryMax", "MemoryHigh", "CPUQuota", "Nice", "IOSchedulingClass", "CPUWeight")


def looks_like(text: str) -> bool:
    """Whether a text is a timer, or a service that starts something."""
    return bool(re.search(r"^\[Timer\]\s*$", text, re.MULTILINE)) or bool(
        re.search(r"^\[Service\]\s*$", text, re.MULTILINE)
        and re.search(r"^\s*ExecStart\s*=", text, re.MULTILINE)
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """A service, and the timer that starts it, if one does."""

    name: str
    service: Unit
    timer: Unit | None
    source: str
    instance: str = ""


def read(texts: Mapping[str, str], origin: Origin) -> Found:
    """Given the units of one folder by their names, return a job for each timer.

    What is dropped into a unit stands under `NAME.timer.d/FILE.conf`. A service that no timer
    starts is a job only if it is started with the machine.
    """
    found = Found()
    timers = sorted(name for name in texts if name.endswith(".timer"))
    started: set[str] = set()
    for name in timers:
        timer = _unit(name, texts)
        service = unit_files.last(timer, "Timer", "Unit") or f"{PurePosixPath(name).stem}.service"
        started.add(service)
        template, instance = _template(service)
        unit = _unit(service, texts) or _unit(template, texts)
        source = f"{origin.name}/{name}" if PurePosixPath(origin.name).name != name else origin.name
        if not unit:
            remedy = "Name both of them, or the folder that they are in."
            found.problems.append(Problem(source, f"its service {service} is not there", remedy))
            continue
        pair = _Pair(PurePosixPath(name).stem, unit, timer, source, instance)
        found.jobs += _jobs(pair, origin, found)
        started.add(template)
    for name in sorted(texts):
        if name.endswith(".service") and name not in started and "@." not in name:
            unit = _unit(name, texts)
            if any(
                target in value for value in unit.get(("Install", "WantedBy"), []) for target in _AT_START
            ):
                found.jobs += _jobs(
                    _Pair(PurePosixPath(name).stem, unit, None, f"{origin.name}/{name}"), origin, found
                )
    return found


def _unit(name: str, texts: Mapping[str, str]) -> Unit:
    dropped = sorted(each for each in texts if each.startswith(f"{name}.d/"))
    return unit_files.parse(texts[each] for each in (name, *dropped) if each in texts)


def _template(service: str) -> tuple[str, str]:
    """Given backup@home.service, return backup@.service and home."""
    found = re.fullmatch(r"([^@]+)@(.+)(\.\w+)", service)
    return (f"{found[1]}@{found[3]}", found[2]) if found else (service, "")


def _jobs(pair: _Pair, origin: Origin, found: Found) -> Iterator[Job]:
    triggers, differences = (
        _triggers(pair, found) if pair.timer is not None else ([Trigger(Kind.STARTUP)], [])
    )
    commands = pair.service.get(("Service", "ExecStart"), [])
    keys = ("RuntimeMaxSec", "TimeoutStartSec", "TimeoutSec")
    limits = [unit_files.last(pair.service, "Service", key) for key in keys]
    several = [
        Difference(f"it was one service of {len(commands)} commands", "They are steps, in the same order.")
    ]
    for number, command in enumerate(commands, 1):
        run, more = _invocation(command, pair)
        yield Job(
            source=pair.source,
            name=f"{pair.name} ({number})" if len(commands) > 1 else pair.name,
            command=run.command,
            script=run.script,
            args=run.args,
            cwd=run.cwd,
            through=run.through,
            triggers=tuple(triggers),
            time_limit_minutes=run.time_limit_minutes or _limit(limits),
            env=run.env,
            python=run.python,
            differences=(
                *run.differences,
                *more,
                *differences,
                *_differences(pair.service),
                *several * (len(commands) > 1),
            ),
            doubts=run.doubts,
            switch=_switch(pair, origin),
            text=" ".join(
                unit_files.last(unit, "Unit", "Description") for unit in (pair.timer or {}, pair.service)
            ).strip(),
        )


def _triggers(pair: _Pair, found: Found) -> tuple[list[Trigger], list[Difference]]:
    timer = pair.timer or {}
    triggers: list[Trigger] = []
    differences: list[Difference] = []
    delay = _minutes(unit_files.last(timer, "Timer", "RandomizedDelaySec"))
    for expression in timer.get(("Timer", "OnCalendar"), []):
        try:
            triggers.append(replace(on_calendar.trigger(expression), delay_minutes=delay))
        except ValueError as error:
            found.problems.append(
                Problem(pair.source, str(error), "systemd-analyze calendar shows what is wrong.")
            )
        if zone := on_calendar.zone_of(expression):
            differences.append(
                Difference(f"its times are those of {zone}", f'Set it for all: timezone = "{zone}".')
            )
    for key in ("OnUnitActiveSec", "OnUnitInactiveSec"):
        if every := _minutes(unit_files.last(timer, "Timer", key)):
            triggers.append(Trigger(Kind.INTERVAL, every, delay_minutes=delay))
            if key == "OnUnitInactiveSec":
                differences.append(
                    Difference("its interval began when it had ended; here by the clock", "Nothing, mostly.")
                )
    if not triggers:
        for key in ("OnBootSec", "OnStartupSec", "OnActiveSec"):
            if (after := unit_files.last(timer, "Timer", key)) and _minutes(after, zero=True) is not None:
                triggers.append(Trigger(Kind.STARTUP, delay_minutes=_minutes(after)))
    if ("Timer", "OnCalendar") in timer and not unit_files.is_on(timer, "Timer", "Persistent"):
        differences.append(
            Difference("a run that was missed was left out; here it is caught up once", "Nothing, mostly.")
        )
    if unit_files.is_on(timer, "Timer", "WakeSystem"):
        differences.append(
            Difference(
                "it woke the machine; Rhythm does not", "Keep a timer that wakes it, with nothing to do."
            )
        )
    return triggers, differences


def _invocation(command: str, pair: _Pair) -> tuple[invocation.Invocation, list[Difference]]:
    differences = []
    prefix = re.match(r"[-@:+!|]*", command)
    marks = prefix[0] if prefix else ""
    env = _environment(pair.service)
    cwd = _filled(unit_files.last(pair.service, "Service", "WorkingDirectory").lstrip("-"), {}, pair)
    words = []
    for word in unit_files.words(command[len(marks) :].strip()):
        whole = re.fullmatch(r"\$(\w+)", word)  # such a word becomes as many as its value has
        words += env[whole[1]].split() if whole and whole[1] in env else [_filled(word, env, pair)]
    if "@" in marks and len(words) > 1:
        del words[1]  # it is only what the program is to believe that it is called
    if "-" in marks:
        differences.append(
            Difference(
                "its failure counted for nothing; here it fails its group", "Give its step optional = true."
            )
        )
    run = invocation.from_words(words, paths.normal(cwd) or None)
    missing = dict.fromkeys(re.findall(r"(?<!\$)\$\{?\w+\}?|%[a-zA-Z]", " ".join((*words, cwd))))
    doubts = [f"the value of {name} is not known here" for name in missing]
    if cwd.startswith("~"):
        doubts.append("the home folder that it starts in is not known here")
    doubts = [doubt for doubt in doubts if doubt not in run.doubts]
    return replace(run, env={**env, **run.env}, doubts=(*run.doubts, *doubts)), differences


def _environment(service: Unit) -> dict[str, str]:
    pairs = (
        word.partition("=")
        for line in service.get(("Service", "Environment"), [])
        for word in unit_files.words(line)
    )
    return {name: value for name, mark, value in pairs if mark}


def _filled(text: str, env: Mapping[str, str], pair: _Pair) -> str:
    """Return a text with the variables and specifiers that are known."""
    stem = pair.name.partition("@")[0]
    known = {
        "%i": pair.instance,
        "%I": pair.instance,
        "%p": stem,
        "%n": f"{pair.name}.service",
        "%N": pair.name,
        "%%": "%",
    }
    text = re.sub(r"%[iIpnN%]", lambda found: known[found[0]], text)
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda found: env.get(found[1] or found[2], found[0]), text)


def _differences(service: Unit) -> Iterator[Difference]:
    for key in ("ExecStartPre", "ExecStartPost", "ExecStop"):
        if commands := service.get(("Service", key)):
            yield Difference(
                f"{key} is left out: {commands[0][:80]}", "Make it a step of its own, or part of the script."
            )
    if files := service.get(("Service", "EnvironmentFile")):
        yield Difference(
            f"its variables in {files[0]} are not read", "Set them for Rhythm, or in the step's env."
        )
    account = unit_files.last(service, "Service", "User")
    if account and account != "root":
        yield Difference(
            f"it ran as {account}; here as whoever starts Rhythm", "Look what it may then no longer do."
        )
    if unit_files.last(service, "Service", "Restart") not in ("", "no"):
        yield Difference("systemd started it again when it failed", "Give its step retries.")
    if limits := [key for key in _LIMITS if unit_files.last(service, "Service", key)]:
        yield Difference(
            f"it was blocked by {', '.join(limits)}",
            "Nothing runs beside it any more; else let the script do so.",
        )


def _limit(values: list[str]) -> float | None:
    return next((minutes for value in values if (minutes := _minutes(value))), None)


def _minutes(text: str, *, zero: bool = False) -> float | None:
    """Return a time span in minutes; None for none, for one that cannot be read, and for infinity."""
    if not text:
        return None
    try:
        minutes = on_calendar.span_minutes(text)
    except ValueError:
        return None
    return minutes if isfinite(minutes) and (minutes or zero) else None


def _switch(pair: _Pair, origin: Origin) -> Switch:
    folder = str(origin.folder or "")
    user = " --user" if any(part in folder for part in _USER_FOLDERS) else ""
    unit = f"{pair.name}.{'timer' if pair.timer is not None else 'service'}"
    return Switch(f"systemctl{user} disable --now {unit}", f"systemctl{user} enable --now {unit}")
