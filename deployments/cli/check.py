"""`rhythm check`: is rhythm.toml valid, and is everything there that it names?"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from deployments.cli import console
from deployments.script_check import examination, exit_codes, shell_words, step_inputs
from deployments.script_check.examination import Script
from deployments.script_check.fault import Fault
from deployments.server import private_folders, resources
from deployments.service import systemd
from flows import clock, expectations
from flows.decisions.slots import BEAT
from tasks import extras
from tasks.builtin import EXTRAS
from tasks.files import private
from tasks.interpreters.command import (
    ScriptMissingError,
    ScriptRefusedError,
    command,
    environment,
    locate,
    working_folder,
)
from tasks.machine_id import machine_id
from tasks.problem import ConfigError, Problem, remedy_for
from tasks.process.environment import lookup
from tasks.redaction.spellings import SHORTEST
from tasks.settings import faults
from tasks.settings import rhythm_toml as config
from tasks.settings.argv import split_argv
from tasks.settings.duration import format_duration
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.store.fault import StoreError


@dataclass(slots=True)
class Findings:
    """What an examination found. With a problem, it has failed."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The findings as `--json` prints them."""
        return {
            "ok": not self.problems,
            "problems": [problem.to_json() for problem in self.problems],
            "warnings": [warning.to_json() for warning in self.warnings],
        }

    def show(self, fine: str) -> None:
        """Print them for people; `fine` is said when there is no problem."""
        for problem in self.problems:
            console.error(str(problem))
        for warning in self.warnings:
            console.warning(str(warning))
        if not self.problems:
            console.say(fine)


def run(*, scripts: bool, json: bool) -> int:
    """Examine, print, and return 0, or 2 with problems."""
    try:
        settings = config.load()
        findings = examine(settings, with_programs=scripts)
        steps = sum(len(group.steps) for group in settings.groups.values())
        fine = f"{config.config_path()} is valid: {len(settings.groups)} groups, {steps} steps"
    except ConfigError as error:
        findings, fine = Findings(problems=list(error.problems)), ""
    if json:
        console.show_json(findings.to_json())
    else:
        findings.show(fine)
    return 2 if findings.problems else 0


def ready(settings: Settings) -> None:
    """Refuse to start with a step that may not run at all, or with nowhere to write.

    What an older version has left open to other accounts is repaired, and that is said once.

    Raises:
        ConfigError: with every problem.
    """
    problems = [*_refused(settings), *_outputs(settings), *resources.problems([settings.outputs_dir])]
    if problems:
        raise ConfigError(problems)
    machine_id(settings.outputs_dir)  # first of all: what else is there may be an older version's
    if repaired := private_folders.repair(settings.outputs_dir, settings):
        console.warning(repaired)


def examine(settings: Settings, *, with_programs: bool = False) -> Findings:
    """Look at everything that rhythm.toml names on this machine.

    Programs are looked for where the installed service looks, if there is one. `with_programs` asks the
    interpreters of the scripts as well, which takes some seconds.
    """
    scripts: list[Script] = []
    findings = Findings(problems=[*_refused(settings), *_outputs(settings)], warnings=_shared(settings))
    findings.problems += resources.problems([settings.outputs_dir])
    findings.warnings += resources.warnings([settings.outputs_dir])
    findings.warnings += _without_extras(settings)
    service_path = systemd.path_of(config.config_path(), Path.home()) if sys.platform == "linux" else ""
    findings.warnings += _as_in_a_shell(settings)
    for where, step in _scripts(settings):
        if kind := _elsewhere(step, settings):
            problem = Problem(where, f"is on {kind} machine, by its path", "Check it there.")
            findings.warnings.append(problem)
            continue
        try:
            with _searching(service_path):
                script = _startable(where, step, settings)
                scripts.append(script)
                if folder := _without_folder(where, step, settings):
                    (findings.warnings if step.optional else findings.problems).append(folder)
            if fault := exit_codes.fault(step, script.path):
                _add([(script, fault)], findings)
        except ScriptMissingError as error:
            problem = Problem(
                where, str(error), "Put it there, or correct the path; until then it is skipped."
            )
            (findings.warnings if step.optional else findings.problems).append(problem)
        except ScriptRefusedError as error:
            if not any(problem.where == where for problem in findings.problems):
                findings.problems.append(_not_startable(where, step, settings, error))
    findings.problems += step_inputs.problems(settings)
    if not with_programs and any(script.suffix == ".ps1" for script in scripts) and extras.absent("adopt"):
        unseen = "the arguments of .ps1 steps are not checked: PowerShell's grammar is not installed"
        findings.warnings.append(Problem("scripts", unseen, extras.remedy("adopt")))
    look = examination.examine_with_programs if with_programs else examination.examine
    _add(look(scripts), findings)
    for name, group in settings.groups.items():
        findings.warnings += _long_steps(name, settings)
        if isinstance(group.every, timedelta) and group.every < BEAT:
            findings.warnings.append(
                Problem(
                    _where(f"groups.{name}.every"),
                    f"{format_duration(group.every)} is shorter than a beat",
                    f"It runs every {format_duration(BEAT)} at most.",
                )
            )
    findings.warnings += _outgrown(settings)
    for name in settings.secret_env:
        _examine_secret(name, settings, findings)
    for endpoint in settings.endpoints:
        for name in endpoint.header_variables:
            _examine_header(name, endpoint, findings)
    return findings


def _long_steps(name: str, settings: Settings) -> list[Problem]:
    """Return which steps of a group in `main` may take longer than a beat, while other groups wait for it.

    Only those whose timeout somebody has chosen: the default one says nothing of a step.
    """
    group = settings.groups[name]
    waiting = [other for other, its in settings.groups.items() if name in its.after]
    if group.lane != MAIN or not waiting:
        return []
    return [
        Problem(
            _where_step(name, number, step),
            f"may take {format_duration(step.timeout)}, and {', '.join(waiting)} waits for it",
            'If nothing needs it, move it to a group of its own with lane = "long".',
        )
        for number, step in enumerate(group.steps)
        if "timeout" in step.model_fields_set and step.timeout > BEAT
    ]


def _outgrown(settings: Settings) -> list[Problem]:
    """Return what takes longer each day, and will soon be more than there is time for."""
    now = clock.now()
    try:
        found = expectations.outgrown(settings, now)
    except StoreError as error:
        return [Problem(error.where, error.fault, error.remedy)]
    return [Problem("durations", each.sentence(now, settings.zone), each.remedy) for each in found]


def _without_extras(settings: Settings) -> list[Problem]:
    """Return which built-in steps will be skipped for what is not installed."""
    return [
        Problem(
            _where_step(name, number, step),
            f"will be skipped: {', '.join(absent)} not installed",
            extras.remedy(extra),
        )
        for name, group in settings.groups.items()
        for number, step in enumerate(group.steps)
        if not step.is_script and (extra := EXTRAS.get(step.run[0])) and (absent := extras.absent(extra))
    ]


def _startable(where: str, step: StepSettings, settings: Settings) -> Script:
    """Return a step's script with what would start it.

    Raises:
        ScriptMissingError, ScriptRefusedError: there is none, or it cannot be started.
    """
    path = locate(step, settings)
    argv = tuple(command(step, path, settings))
    bare = step.model_copy(update={"env": {}})  # one interpreter looks at the scripts of many steps
    return Script(where, path, argv, step.run[1:], environment(bare, path), optional=step.optional)


@contextmanager
def _searching(path: str) -> Iterator[None]:
    """Look for programs along a service's PATH while the block runs, if there is one."""
    here = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = path or here
    try:
        yield
    finally:
        os.environ["PATH"] = here


def _not_startable(where: str, step: StepSettings, settings: Settings, error: ScriptRefusedError) -> Problem:
    """Return the problem of a step that cannot be started; it may be the service's alone."""
    try:
        _startable(where, step, settings)
    except ScriptRefusedError:
        return Problem(where, error.problem, error.remedy or "Install it, or change the step.")
    remedy = "Install it where the service looks, or run `rhythm service install` here again."
    return Problem(where, f"{error.problem}: the service's PATH, though it is in this terminal's", remedy)


def _add(faults: Iterable[tuple[Script, Fault]], findings: Findings) -> None:
    """Add the scripts' faults: what a step can only fail of is a problem, unless it may fail."""
    seen = set()
    for script, fault in faults:
        if fault.line:
            if (script.path, fault) in seen:  # the script's own, of which another step has it as well
                continue
            seen.add((script.path, fault))
        where = f"{script.where}: {script.path}:{fault.line}" if fault.line else script.where
        problems = findings.problems if fault.fatal and not script.optional else findings.warnings
        problems.append(Problem(where, fault.text, fault.remedy))


def _examine_secret(name: str, settings: Settings, findings: Findings) -> None:
    """Look at one of `secret_env`, whose value may also come from the `env` of a step, or of all."""
    values = {lookup(env, name) for env in (os.environ, *step_inputs.environments(settings))} - {""}
    if not values:
        problem = Problem(
            _where("secret_env"), f"{name} is not set here", "Nothing is kept from the logs for it."
        )
        findings.warnings.append(problem)
    elif fault := _too_short(name, min(values, key=len)):
        remedy = f"Give it {SHORTEST} characters or more, or take it out if it is no secret."
        findings.problems.append(Problem(_where("secret_env"), fault, remedy))


def _examine_header(name: str, endpoint: EndpointSettings, findings: Findings) -> None:
    """Look at a variable that an endpoint's headers need."""
    where, value = f"{_where('endpoints')}: {endpoint.name}", lookup(os.environ, name)
    if not value:
        fault = f"{name}, which its headers need, is not set here"
        remedy = "Until it is, the endpoint counts as down."
    elif fault := _too_short(name, value):
        remedy = "Escaped or encoded it may reach a log; if it is a secret, make it longer."
    else:
        return
    findings.warnings.append(Problem(where, fault, remedy))


def _too_short(name: str, value: str) -> str:
    """Return what is wrong with a secret's value, if it is too short."""
    return f"{name} is too short to mask ({len(value)} characters)" if len(value) < SHORTEST else ""


def _elsewhere(step: StepSettings, settings: Settings) -> str:
    """Return the kind of machine that a step can only be of, by its paths, if this is none."""
    folders = (settings.scripts_dir.as_posix(), step.run[0], step.python or "", settings.python or "")
    if os.name == "nt":
        return "a POSIX" if any(folder.startswith("/") for folder in folders) else ""
    return "a Windows" if any(re.search(r"(^|/)[A-Za-z]:[\\/]", folder) for folder in folders) else ""


def _scripts(settings: Settings) -> list[tuple[str, StepSettings]]:
    return [
        (_where_step(name, number, step), step)
        for name, group in settings.groups.items()
        for number, step in enumerate(group.steps)
        if step.is_script
    ]


def _as_in_a_shell(settings: Settings) -> list[Problem]:
    """Return what steps have in their strings that only a shell would read."""
    found = []
    written = config.written_steps(config.config_path())
    for name, group in settings.groups.items():
        for at, (step, text) in enumerate(zip(group.steps, written.get(name, ()), strict=False)):
            # What a variable has set, or another version of the file, is not what is read here.
            if not step.is_script or text is None or split_argv(text) != step.run:
                continue
            suffix = PurePath(step.run[0]).suffix.lower()
            found += [
                Problem(_where_step(name, at, step), fault.text, fault.remedy)
                for fault in shell_words.faults(text, suffix)
            ]
    return found


def _without_folder(where: str, step: StepSettings, settings: Settings) -> Problem | None:
    """Return what is wrong with the folder that a step starts in, if anything."""
    folder = working_folder(step, settings)
    if folder.is_dir():
        return None
    what = "is a file" if folder.exists() else "is not there"
    return Problem(where, f"its `cwd`, {folder}, {what}", "Make the folder, or correct `cwd`.")


def _refused(settings: Settings) -> list[Problem]:
    problems = []
    for where, step in _scripts(settings):
        try:
            locate(step, settings)
        except ScriptMissingError:
            continue  # skipped when it is to run, and reported then
        except ScriptRefusedError as error:
            problems.append(Problem(where, str(error), "Correct the step's path."))
    return problems


def _outputs(settings: Settings) -> list[Problem]:
    """Whether something can really be written to outputs_dir: permissions alone do not show that."""
    folder = settings.outputs_dir
    try:
        private.make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            return []
    except OSError as error:
        return [
            Problem(
                _where("outputs_dir"),
                f"{folder} cannot be written to ({error.strerror})",
                remedy_for(error, "Name a folder that you may write to."),
            )
        ]


def _shared(settings: Settings) -> list[Problem]:
    """Whether outputs_dir is a folder of Rhythm's own, which it may keep from other accounts."""
    folder = settings.outputs_dir
    try:
        why = private_folders.shared_outputs(settings)
    except OSError:
        return []  # it cannot even be written to, and that is reported
    if not why:
        return []
    problem = f"{folder} {why}, so its permissions are left as they are"
    remedy = "Name a folder of its own, which Rhythm keeps from other accounts of this machine."
    return [Problem(_where("outputs_dir"), problem, remedy)]


def _where(keys: str) -> str:
    """Given a dotted key, return it with the file or the variable that it comes from."""
    return faults.place(config.config_path(), keys.split("."))


def _where_step(group: str, number: int, step: StepSettings) -> str:
    """Return where a step of a group is from, with its name for its number."""
    keys = ["groups", group, "steps", str(number)]
    return faults.place(config.config_path(), keys, f"groups.{group}.steps: {step.name}")
