"""A job as a step of rhythm.toml: its words, and the options that it needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from deployments.adopt import paths
from deployments.adopt.job import Job
from tasks.settings.duration import LONGEST, format_duration
from tasks.settings.steps import StepSettings

# Words that a string can hold as they are, however it is split again.
_PLAIN = re.compile(r"[\w./:=@,+%-]+")
_DEFAULT_LIMIT = StepSettings.model_fields["timeout"].default
_MOST_RETRIES = 20
#: Task Scheduler's own time limit, which nobody chose.
THREE_DAYS = 72 * 60.0


def words(job: Job, scripts_dir: str) -> list[str]:
    """Return what the step runs: the script, below `scripts_dir` where it is, and its arguments.

    Nothing, if neither a script nor what it is run through is known.
    """
    if not job.script and not job.through:
        return []
    script = [_below(job.script, scripts_dir)] if job.script else []
    through = [*([word.replace("\\", "/") for word in job.through[:1]]), *job.through[1:]]
    return [*through, *script, *job.args]


def step(
    job: Job,
    run: Sequence[str],
    scripts_dir: str,
    taken: Collection[str],
    *,
    python: str | None,
    missing: bool,
) -> Any:
    """Return the step as TOML has it: a string where that suffices, else a table.

    `run` are its `words`, `taken` are the names of the group's other steps, `python` is what all scripts are
    run by, `missing` means that the script is not on this machine.
    """
    plain = all(_PLAIN.fullmatch(word) for word in run)
    table: dict[str, Any] = {"run": " ".join(run) if plain else list(run)}
    name = unique(paths.stem(run[0]) if not job.through else paths.stem(job.script or job.name), taken)
    if name != paths.stem(run[0]):
        table["name"] = name
    limit = job.time_limit_minutes
    if limit and limit != THREE_DAYS and timedelta(minutes=limit) != _DEFAULT_LIMIT:
        table["timeout"] = format_duration(min(timedelta(minutes=limit), LONGEST))
    if job.retries:
        table["retries"] = min(job.retries, _MOST_RETRIES)
        if job.retry_minutes:
            table["retry_delay"] = min(round(job.retry_minutes * 60), 86400)
    if job.env:
        table["env"] = dict(job.env)
    if job.cwd and paths.same(job.cwd) != paths.same(scripts_dir):
        table["cwd"] = job.cwd.replace("\\", "/")
    if job.python and job.python != python and paths.suffix(job.script or "") == ".py":
        table["python"] = job.python.replace("\\", "/")
    if missing:
        table["optional"] = True
    return table if len(table) > 1 else table["run"]


def name_of(step: Any) -> str:
    """Return the name that a step has, given or by what it runs."""
    return StepSettings.model_validate(step).name


def renamed(step: Any, taken: Collection[str]) -> Any:
    """Return the step with a name that no other one has."""
    name = unique(name_of(step), taken)
    if name == name_of(step):
        return step
    return {**(step if isinstance(step, Mapping) else {"run": step}), "name": name}


def unique(name: str, taken: Collection[str]) -> str:
    """Return the name, or it with a number, so that no other one is the same."""
    name = name[:90] or "step"
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _below(script: str, scripts_dir: str) -> str:
    """Return a script's path from `scripts_dir`; the whole path of one that is outside of it."""
    above = _prefix(scripts_dir)
    if not paths.same(script).startswith(above):
        return script.replace("\\", "/")
    inner = paths.normal(script)[len(above) :].replace("\\", "/")
    return inner if "/" in inner or paths.suffix(inner) else f"./{inner}"


def outside(run: Sequence[str]) -> list[str]:
    """Return what a step of these words starts outside of scripts_dir, and so must be allowed."""
    return [word for word in run[:1] if paths.is_whole(word)]


def scripts_folder(jobs: Collection[Job]) -> str | None:
    """Return the folder that most scripts lie in, or one above it if that holds clearly more of them.

    It is never a drive's or a system's root, nor right below one: it is a wall around what may run.
    """
    scripts = [paths.normal(job.script) for job in jobs if job.script and paths.is_whole(job.script)]
    if not scripts:
        return None
    counts: dict[str, int] = {}
    shown: dict[str, str] = {}
    for script in scripts:
        folder = paths.parent(script)
        counts[paths.same(folder)] = counts.get(paths.same(folder), 0) + 1
        shown.setdefault(paths.same(folder), folder)
    best = shown[max(counts, key=lambda key: counts[key])]
    while (above := paths.parent(best)) != best and len(re.split(r"[\\/]+", above.rstrip("\\/"))) > 2:
        if _inside(scripts, best) >= 0.8 * len(scripts):
            break
        if _inside(scripts, above) < _inside(scripts, best) + 0.2 * len(scripts):
            break
        best = above
    return best


def _inside(scripts: list[str], folder: str) -> int:
    return sum(paths.same(script).startswith(_prefix(folder)) for script in scripts)


def _prefix(folder: str) -> str:
    """Return how all paths in a folder begin, as `paths.same` writes them."""
    root = paths.same(folder)
    separator = "/" if root.startswith("/") else "\\"
    return root.rstrip(separator) + separator
