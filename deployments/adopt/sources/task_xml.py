"""Task Scheduler's own XML, as its window, schtasks and Export-ScheduledTask write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from deployments.adopt import paths
from deployments.adopt.commands import invocation, windows_argv
from deployments.adopt.job import Difference, Found, Job, Origin, Trigger
from deployments.adopt.sources import xml_triggers
from deployments.adopt.sources.conditions import DEFAULT_LIMIT, Conditions, differences, switch
from deployments.adopt.sources.xml_stream import DoctypeError, Piece, split
from deployments.adopt.sources.xml_triggers import child, children, number, span, tag, text
from tasks.problem import Problem

_EXPORT = "Export it again: schtasks /query /xml."
_WINDOWS = re.compile(r"%(SystemRoot|windir)%", re.IGNORECASE)


def looks_like(text_of: str) -> bool:
    """Whether a text is XML with tasks in it."""
    return text_of.lstrip().startswith("<") and bool(re.search(r"<(?:[\w.-]+:)?Tasks?[\s>/]", text_of))


def read(text_of: str, origin: Origin) -> Found:
    """Given XML of one task or many, return their jobs: one for each action."""
    found = Found()
    try:
        for piece in split(text_of):
            _read(piece, origin, found)
    except DoctypeError as error:
        found.problems.append(Problem(origin.line(error.line), str(error), _EXPORT))
    if not found.jobs and not found.problems:
        found.problems.append(Problem(origin.name, "holds no task", _EXPORT))
    return found


def _read(piece: Piece, origin: Origin, found: Found) -> None:
    where = origin.line(piece.line)
    try:
        task = fromstring(piece.text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        fault = (
            f"a task that is cut short ({error})" if not piece.closed else f"a task that is not XML ({error})"
        )
        name = f" {piece.name}" if piece.name else ""
        found.problems.append(Problem(where, f"{fault}{name}", _EXPORT))
        return
    found.jobs += _jobs(task, piece, origin)


def _jobs(task: Element, piece: Piece, origin: Origin) -> Iterator[Job]:
    name = _name(task, piece, origin)
    triggers, lost = xml_triggers.read(child(task, "Triggers"))
    settings = _conditions(task)
    actions = [each for each in children(task, "Actions") if tag(each)]
    several = [
        Difference(
            f"it was one task of {len(actions)} actions", "They are steps of their own, in the same order."
        )
    ] * (len(actions) > 1)
    for place, action in enumerate(actions, 1):
        run = _invocation(action)
        yield Job(
            source=origin.line(piece.line) if piece.line > 1 else origin.name,
            name=f"{name} ({place})" if len(actions) > 1 else name,
            command=run.command,
            script=run.script,
            args=run.args,
            cwd=run.cwd,
            through=run.through,
            triggers=tuple(triggers),
            enabled=settings.enabled,
            time_limit_minutes=run.time_limit_minutes or settings.time_limit_minutes,
            retries=settings.restart_count,
            retry_minutes=settings.restart_minutes,
            env=run.env,
            python=run.python,
            differences=(*run.differences, *lost, *differences(settings), *several),
            doubts=run.doubts,
            switch=switch(name),
            text=text(task, "RegistrationInfo", "Description"),
        )
    if not actions:
        yield _without_action(name, triggers, settings, origin)


def _without_action(name: str, triggers: list[Trigger], settings: Conditions, origin: Origin) -> Job:
    return Job(
        origin.name,
        name,
        "",
        triggers=tuple(triggers),
        enabled=settings.enabled,
        doubts=("it has no action",),
        switch=switch(name),
    )


def _name(task: Element, piece: Piece, origin: Origin) -> str:
    """Return the task's name with its folders: by the comment before it, its URI, or its file."""
    comment = piece.name if piece.name and piece.name.startswith("\\") else ""
    named = comment or text(task, "RegistrationInfo", "URI") or piece.name or paths.stem(origin.name)
    return named.strip().lstrip("\\") or "task"


def _invocation(action: Element) -> invocation.Invocation:
    if tag(action) == "ComHandler":
        classes = text(action, "ClassId")
        return invocation.Invocation(
            f"COM {classes}", doubts=(f"it calls a COM class, no program: {classes}",)
        )
    if tag(action) != "Exec":
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tag(action)).lower()
        return invocation.Invocation(tag(action), doubts=(f"its action is not a program: {kind}",))
    command, arguments = (_known(text(action, name)) for name in ("Command", "Arguments"))
    cwd = _known(text(action, "WorkingDirectory")).strip('"')
    words = [*_command(command), *windows_argv.split(arguments)]
    return invocation.from_words(words, paths.normal(cwd) or None)


def _command(command: str) -> list[str]:
    """<Command> is a program, perhaps in quotes; some people put its arguments in as well."""
    bare = command.strip()
    if bare.count('"') <= 2 and bare.startswith('"') and bare.endswith('"'):
        return [bare.strip('"')]
    if not re.search(r"\s", bare) or paths.suffix(bare) in (".exe", ".com", ".bat", ".cmd", ".ps1", ".py"):
        return [bare]
    return windows_argv.split(bare)


def _known(text_of: str) -> str:
    return _WINDOWS.sub(lambda _: r"C:\Windows", text_of)


def _conditions(task: Element) -> Conditions:
    settings, principal = child(task, "Settings"), child(task, "Principals", "Principal")

    def is_set(name: str, *, default: bool = False) -> bool:
        value = text(settings, name).lower()
        return default if not value else value in ("true", "1")

    limit = text(settings, "ExecutionTimeLimit")
    count = number(text(settings, "RestartOnFailure", "Count")) or 0
    return Conditions(
        enabled=is_set("Enabled", default=True),
        not_on_batteries=is_set("DisallowStartIfOnBatteries", default=True),
        stop_on_batteries=is_set("StopIfGoingOnBatteries", default=True),
        needs_network=is_set("RunOnlyIfNetworkAvailable"),
        needs_idle=is_set("RunOnlyIfIdle"),
        start_when_available=is_set("StartWhenAvailable"),
        instances=text(settings, "MultipleInstancesPolicy") or "IgnoreNew",
        time_limit_minutes=span(settings, "ExecutionTimeLimit") if limit else DEFAULT_LIMIT,
        wakes=is_set("WakeToRun"),
        restart_count=min(count, 999),
        restart_minutes=span(settings, "RestartOnFailure", "Interval"),
        elevated=text(principal, "RunLevel") == "HighestAvailable",
        account=text(principal, "UserId") or text(principal, "GroupId"),
        deleted_when_expired=bool(text(settings, "DeleteExpiredTaskAfter")),
    )
