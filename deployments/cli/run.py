"""`rhythm run`: a group, or one of its steps, now."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.cli.group_run import Wanted
from deployments.cli.run_now import run_now
from flows.group import GroupOptions
from tasks import builtin
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings


def run(*, name: str, args: Sequence[str], only: Sequence[str], json: bool) -> int:
    """Run it, and show how it goes. Return 0 if it completed, else 1.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group or step.
        CommandError: there is no server, or nobody could run it.
    """
    settings = config.load()
    return run_now(wanted(name, args, only, settings), settings, json=json)


def wanted(name: str, args: Sequence[str], only: Sequence[str], settings: Settings) -> Wanted:
    """Given what was typed, return what is to run: a group; some of its steps; or a step, by its name.

    Raises:
        ConfigError: none has that name, or several; or arguments are given to what is no step.
    """
    if name in settings.groups:
        _refuse_arguments(name, args, settings)
        _known_steps(name, only, settings)
        return Wanted(name, GroupOptions(only=list(dict.fromkeys(only))))
    if only:
        raise _problem(f"no such group: '{name}'", alternatives("groups", name, settings.groups))
    group, step = _step(name, settings)
    return Wanted(group, GroupOptions(only=[step]), tuple(args))


def _step(name: str, settings: Settings) -> tuple[str, str]:
    """Return the group and the step that STEP, or GROUP/STEP, means."""
    steps = [(group, step.name) for group, each in settings.groups.items() for step in each.steps]
    found = [(group, step) for group, step in steps if name in (step, f"{group}/{step}")]
    if len(found) > 1:
        which = " or ".join(f"rhythm run {group}/{step}" for group, step in found)
        raise _problem(f"several groups have a step '{name}'", f"Write {which}.")
    if found:
        return found[0]
    known = [*settings.groups, *dict.fromkeys(step for _, step in steps)]
    remedy = alternatives("groups and steps", name, known)
    if name in builtin.NAMES:
        remedy = f"No group has this built-in step; `rhythm step {name}` runs it by itself. {remedy}"
    raise _problem(f"no such group or step: '{name}'", remedy)


def _refuse_arguments(name: str, args: Sequence[str], settings: Settings) -> None:
    if args:
        steps = ", ".join(step.name for step in settings.groups[name].steps)
        raise _problem(
            f"{name} is a group, and takes no arguments: '{args[0]}'",
            f"Name the step that is to get them: {steps}.",
        )


def _known_steps(name: str, only: Sequence[str], settings: Settings) -> None:
    steps = [step.name for step in settings.groups[name].steps]
    if unknown := [each for each in only if each not in steps]:
        raise _problem(
            f"{name} has no step '{unknown[0]}'", alternatives("steps", unknown[0], steps), "run --only"
        )


def _problem(problem: str, remedy: str, where: str = "run") -> ConfigError:
    return ConfigError([Problem(where, problem, remedy)])
