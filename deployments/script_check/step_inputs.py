"""What a step's script is given: can its variables be filled in, and is the file there that it reads?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from tasks.problem import Problem, remedy_for
from tasks.process import standard_input
from tasks.settings import faults
from tasks.settings.project import config_path
from tasks.settings.rhythm_toml import Settings
from tasks.variables import VariableError, variables


def problems(settings: Settings) -> list[Problem]:
    """Return what is wrong with it, once each: a variable at the top level is that of every step."""
    return list(dict.fromkeys(_each(settings)))


def environments(settings: Settings) -> list[dict[str, str]]:
    """Return the variables of each step that can be filled in."""
    found = []
    for name, group in settings.groups.items():
        for step in group.steps:
            with suppress(VariableError):
                found.append(variables(step, name, settings))
    return found


def _each(settings: Settings) -> Iterator[Problem]:
    for name, group in settings.groups.items():
        for number, step in enumerate(group.steps):
            if not step.is_script:
                continue
            try:
                variables(step, name, settings)
            except VariableError as error:
                yield error.problem
            if step.stdin is None or step.stdin.file is None:
                continue
            try:
                with standard_input.opened(step.stdin.source(settings.scripts_dir)):
                    pass
            except OSError as error:
                keys = ["groups", name, "steps", str(number)]
                where = faults.place(config_path(), keys, f"groups.{name}.steps: {step.name}")
                remedy = remedy_for(error, "Correct the path, which is relative to `scripts_dir`.")
                fault = f"its `stdin` cannot be read: {error.filename} ({error.strerror})"
                yield Problem(where, fault, remedy)
