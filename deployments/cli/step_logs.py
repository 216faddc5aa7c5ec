"""`rhythm logs STEP|GROUP`: what steps have printed and logged, from files: no server is needed."""

from __future__ import annotations

import heapq
import logging
import shlex
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from deployments.cli import console
from flows.decisions.timestamps import iso
from tasks.interpreters.command import kind_of
from tasks.problem import CommandError, ConfigError, Problem, alternatives
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.step_output import places
from tasks.step_output.places import FOLDER, Attempt
from tasks.step_output.reading import Line, is_over, lines
from tasks.step_output.step_output import Level

_POLL = 0.5  # seconds between two looks for new lines


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines are wanted: of the run whose id begins with `run`, of the last runs, and how many lines.

    A run is one of a group: all attempts at its steps that were part of it.
    """

    run: str = ""
    last: int | None = None
    count: int | None = None


def show(name: str, settings: Settings, choice: Choice, *, follow: bool, json: bool) -> None:
    """Print the lines of a group's or a step's runs; with `follow`, go on until interrupted.

    Raises:
        ConfigError: there is no such group or step.
        CommandError: there is no such run, or a file cannot be read.
    """
    steps = named(name, settings)
    outputs_dir = settings.outputs_dir
    try:
        attempts = list(_attempts(steps, outputs_dir))
        chosen = _chosen(attempts, choice, name, outputs_dir)
        reader = Reader(outputs_dir, levels(settings), skip=set(attempts) - set(chosen))
        found = _last(chosen, choice.count, reader)
        if json:
            console.show_json({"logs": [_to_json(attempt, line, settings) for attempt, line in found]})
            return
        for attempt, line in found:
            say(attempt, line, settings)
        if not chosen:
            console.say(f"no run of {name} has left output here. Runs on other machines: `rhythm logs`")
        if follow:
            _follow(steps, reader, choice.run, settings)
    except BrokenPipeError:  # of our output: whoever reads it has had enough
        raise
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read ({error.strerror})") from None


def named(name: str, settings: Settings, command: str = "logs") -> list[tuple[str, str]]:
    """Return the groups and steps that a name means: a group, a step (of any group), or GROUP/STEP.

    Raises:
        ConfigError: none has it.
    """
    steps = [(group, step.name) for group, each in settings.groups.items() for step in each.steps]
    of_group = [(group, step) for group, step in steps if group == name]
    found = of_group or [(group, step) for group, step in steps if name in (step, f"{group}/{step}")]
    if not found:
        known = [*settings.groups, *dict.fromkeys(step for _, step in steps)]
        remedy = alternatives("groups and steps", name, known)
        raise ConfigError([Problem(command, f"no such group or step: '{name}'", remedy)])
    return found


def _attempts(steps: Sequence[tuple[str, str]], outputs_dir: Path) -> Iterator[Attempt]:
    """Yield all attempts of which there are files, oldest first."""
    return heapq.merge(*(places.attempts(outputs_dir, group, step) for group, step in steps))


def _chosen(found: list[Attempt], choice: Choice, name: str, outputs_dir: Path) -> list[Attempt]:
    """Return the attempts of the wanted runs.

    Raises:
        CommandError: there is no run of this id.
    """
    if choice.run:
        chosen = [attempt for attempt in found if attempt.run_id.startswith(choice.run.lower())]
        if not chosen:
            raise CommandError(
                f"no run of {name} with the id {choice.run} has output in {outputs_dir / FOLDER}. "
                f"The ids are in Prefect's UI and in `rhythm logs {shlex.quote(name)} --json`."
            )
        return chosen
    if choice.last is None:
        return found
    runs = list(dict.fromkeys(_run(attempt) for attempt in reversed(found)))[: choice.last]
    return [attempt for attempt in found if _run(attempt) in runs]


def _run(attempt: Attempt) -> str:
    return attempt.run_id or attempt.stem


class Reader:
    """Reads lines, and remembers how far. `levels` are of all steps; attempts to `skip` count as read."""

    def __init__(self, outputs_dir: Path, levels: dict[tuple[str, str], Level], skip: set[Attempt]) -> None:
        self._outputs_dir, self._levels, self._done = outputs_dir, levels, skip
        self._offsets: dict[Attempt, int] = {}

    def new(self, attempt: Attempt) -> Iterator[Line]:
        """Yield the lines of an attempt that were not read yet; an attempt whose file is gone has none."""
        if attempt in self._done:
            return
        over = is_over(self._outputs_dir, attempt)
        level = self._levels[attempt.group, attempt.step]
        try:
            for offset, line in lines(self._outputs_dir, attempt, level, self._offsets.get(attempt, 0)):
                self._offsets[attempt] = offset
                yield line
        except FileNotFoundError:  # it was deleted as too old just now
            over = True
        if over:
            self._done.add(attempt)

    def skip(self, attempt: Attempt) -> None:
        """Hold an attempt for read."""
        self._done.add(attempt)


def _last(chosen: Sequence[Attempt], count: int | None, reader: Reader) -> Iterable[tuple[Attempt, Line]]:
    """Return the last `count` lines of the attempts, or all."""
    if count is None:
        return ((attempt, line) for attempt in chosen for line in reader.new(attempt))
    found: deque[tuple[Attempt, Line]] = deque()
    for attempt in reversed(chosen):
        if len(found) >= count:
            reader.skip(attempt)
            continue
        last = deque(reader.new(attempt), maxlen=count - len(found))
        found.extendleft((attempt, line) for line in reversed(last))
    return found


def _follow(steps: Sequence[tuple[str, str]], reader: Reader, run: str, settings: Settings) -> None:
    """Print new lines as they come, until interrupted."""
    while True:
        for attempt in _attempts(steps, settings.outputs_dir):
            for line in reader.new(attempt) if attempt.run_id.startswith(run.lower()) else ():
                say(attempt, line, settings)
        sleep(_POLL)


def levels(settings: Settings) -> dict[tuple[str, str], Level]:
    """Return what decides how serious a line of each group's each step is."""
    return {
        (name, step.name): _level(step) for name, group in settings.groups.items() for step in group.steps
    }


def _level(step: StepSettings) -> Level:
    """Return what decides how serious a line of the step's script is."""
    return kind_of(Path(step.run[0])).level


def say(attempt: Attempt, line: Line, settings: Settings) -> None:
    """Print a line of a step's."""
    at = f"{line.at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    console.say(f"{at} {logging.getLevelName(line.level):<7} {attempt.group}/{attempt.step}: {line.text}")


def _to_json(attempt: Attempt, line: Line, settings: Settings) -> dict[str, Any]:
    return {
        "at": iso(line.at, settings.zone),
        "level": logging.getLevelName(line.level),
        "group": attempt.group,
        "step": attempt.step,
        "message": line.text,
        "flow_run_id": attempt.run_id or None,
    }
