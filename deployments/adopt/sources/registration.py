"""PowerShell scripts that register tasks: what they would register, without running them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tree_sitter import Node

from deployments.adopt import paths
from deployments.adopt.commands import invocation, windows_argv
from deployments.adopt.job import Difference, Found, Job, Origin, Trigger
from deployments.adopt.sources import task_xml
from deployments.adopt.sources.conditions import differences, switch
from deployments.adopt.sources.powershell import schedules
from deployments.adopt.sources.powershell.interpreter import Interpreter
from deployments.adopt.sources.powershell.settings import conditions
from deployments.adopt.sources.powershell.state import Registration, TooLong
from deployments.adopt.sources.powershell.syntax import faults, line, parse
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value, doubts, items, text
from tasks.problem import Problem

_REGISTERS = re.compile(r"register-scheduled(?:task|job)|\.registertask|schtasks", re.IGNORECASE)
_CREATES = re.compile(r"register-scheduled(?:task|job)|\.registertask|[/-]create\b", re.IGNORECASE)
#: A longer script registers nothing that a person wrote; reading it would take minutes.
LONGEST = 2_000_000  # characters


def looks_like(text_of: str) -> bool:
    """Whether a text registers tasks as PowerShell does it."""
    start = text_of[:LONGEST]
    return bool(_REGISTERS.search(start) and _CREATES.search(start))


def read(text_of: str, origin: Origin) -> Found:
    """Given a script's text, return the jobs that it registers."""
    if len(text_of) > LONGEST:
        return Found(problems=[Problem(origin.name, "is too long for a script", "Leave it out.")])
    root = parse(text_of)
    found = Found()
    try:
        registered = _registered(root, origin)
    except (TooLong, RecursionError):
        remedy = "Name the tasks' XML instead: schtasks /query /xml."
        return Found(problems=[Problem(origin.name, "does more than can be followed", remedy)])
    for each in registered:
        found.jobs += _jobs(each, origin, found.problems)
    for node in faults(root):
        shown = " ".join((node.text or b"").decode("utf-8", "replace").split())
        if _REGISTERS.search(shown) or (not found.jobs and shown):
            found.problems.append(
                Problem(
                    origin.line(line(node)),
                    f"cannot be understood: {shown[:80]}",
                    "Look whether a task is missing.",
                )
            )
    if not registered and not found.problems:
        found.problems.append(
            Problem(
                origin.name,
                "registers nothing that can be determined",
                "Name the tasks' XML instead: schtasks /query /xml.",
            )
        )
    return found


def _registered(root: Node, origin: Origin) -> list[Registration]:
    """What it registers when it is started without parameters; if nothing, what it would with some."""
    for loose in (False, True):
        script = Interpreter(origin, loose=loose)
        script.read(root)
        if registered := [each for each in script.registered if not each.removed]:
            break
    last: dict[str, Registration] = {}
    for each in registered:
        # A name that is registered again replaces what was there before, if both really happen.
        key = text(each.name).casefold() if not each.doubts else f"{len(last)} {each.name}"
        last[key] = each
    return list(last.values())


def _jobs(registered: Registration, origin: Origin, problems: list[Problem]) -> list[Job]:
    """Return a job for each of a task's actions."""
    task = registered.definition
    name = text(registered.name)
    source = origin.line(registered.line)
    missing = registered.doubts | doubts(name) | task.doubts
    if task.kind == "xml":
        return _from_xml(task, name, Origin(source, origin.folder), missing, problems)
    triggers, lost, unclear = _triggers(task)
    settings = conditions(task)
    enabled = registered.enabled and settings.enabled
    actions = _made(task.get("actions"))
    jobs = []
    for number, action in enumerate(actions, 1):
        run, unknown = _invocation(action)
        jobs.append(
            Job(
                source=source,
                name=f"{name} ({number})" if len(actions) > 1 else str(name),
                command=run.command,
                script=run.script,
                args=run.args,
                cwd=run.cwd,
                through=run.through,
                triggers=tuple(triggers),
                enabled=enabled,
                time_limit_minutes=run.time_limit_minutes or settings.time_limit_minutes,
                retries=settings.restart_count,
                retry_minutes=settings.restart_minutes,
                env=run.env,
                python=run.python,
                differences=(*run.differences, *lost, *differences(settings), *_several(len(actions))),
                doubts=tuple(
                    dict.fromkeys([*run.doubts, *_unknowns(missing | unclear | unknown, run.doubts)])
                ),
                switch=switch(str(name)),
                text=text(task.get("description") or ""),
            )
        )
    return jobs or [_without_action(registered, source, name, missing)]


def _without_action(registered: Registration, source: str, name: str, missing: frozenset[str]) -> Job:
    reasons = tuple(_unknowns(missing, ())) or ("what it runs is not known here",)
    return Job(source, str(name), "", enabled=registered.enabled, doubts=reasons, switch=switch(str(name)))


def _several(count: int) -> list[Difference]:
    if count < 2:
        return []
    return [
        Difference(f"it was one task of {count} actions", "They are steps of their own, in the same order.")
    ]


def _triggers(task: Thing) -> tuple[list[Trigger], list[Difference], frozenset[str]]:
    triggers: list[Trigger] = []
    lost: list[Difference] = []
    unclear: frozenset[str] = frozenset()
    for each in _made(task.get("triggers")):
        if not isinstance(each, Thing):
            unclear |= doubts(each)
            continue
        made, losing = schedules.trigger(each)
        triggers += [made] if made else []
        lost += losing
        unclear |= schedules.unclear(each)
    return triggers, lost, unclear


def _made(value: Value) -> list[Value]:
    """Return a list of actions or triggers, however the script holds it."""
    return items(value.get("made")) if isinstance(value, Thing) and "made" in value.fields else items(value)


def _invocation(action: Value) -> tuple[invocation.Invocation, frozenset[str]]:
    if not isinstance(action, Thing) or action.kind not in ("action", "words"):
        shown = text(action.get("execute") or "its action") if isinstance(action, Thing) else text(action)
        return invocation.Invocation(shown, doubts=(f"it does not start a program: {shown}",)), frozenset()
    command = text(action.get("execute") or action.get("path") or "")
    given = action.get("words")
    arguments = action.get("argument") if action.get("argument") is not None else action.get("arguments")
    rest = list(given) if given is not None else windows_argv.split(text(arguments or ""))
    cwd = text(action.get("workingdirectory") or "")
    words = [str(word) for word in (*_program(command), *rest)]
    missing = action.doubts | doubts(command) | doubts(arguments) | doubts(cwd) | doubts(list(rest))
    return invocation.from_words(words, paths.normal(str(cwd)) or None), missing


def _program(command: str) -> Sequence[str]:
    """-Execute is a program; some people put its arguments in as well."""
    bare = command.strip().strip('"')
    if paths.suffix(bare) or not re.search(r"\s", bare):
        return [bare]
    return windows_argv.split(command)


def _unknowns(names: frozenset[str], said: Sequence[str]) -> list[str]:
    """Return what is unknown as sentences, without what has been said."""
    sentences = []
    for name in sorted(names):
        if name.startswith("$"):
            sentence = f"the value of {name} is not known here"
        else:
            sentence = f"it depends on: {name}"
        sentences.append(sentence)
    return [sentence for sentence in sentences if sentence not in said]


def _from_xml(
    task: Thing, name: str, origin: Origin, missing: frozenset[str], problems: list[Problem]
) -> list[Job]:
    """-Xml, or RegisterTask: the definition is a text within the script."""
    xml = task.get("xml")
    if isinstance(xml, Unknown) or not isinstance(xml, str):
        reasons = tuple(_unknowns(doubts(xml) | missing, ())) or ("its XML is not in the script",)
        return [Job(origin.name, str(name), "", doubts=reasons, switch=switch(str(name)))]
    inner = task_xml.read(xml, origin)
    problems += inner.problems
    return [replace(job, name=str(name), switch=switch(str(name))) for job in inner.jobs]
