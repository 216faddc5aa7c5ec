"""Puts new steps into a rhythm.toml, group by group, and takes out what the user has asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deployments.adopt import paths
from deployments.adopt.job import Job
from deployments.adopt.judging import step_table
from deployments.adopt.judging.five_groups import TargetGroup
from deployments.adopt.judging.judgement import Adoption
from deployments.adopt.judging.placing import Placed, Standing, same_words
from deployments.adopt.judging.producers import ordered
from deployments.adopt.schedules.frequency import in_words
from deployments.adopt.writing.rhythm_file import RhythmFile


def write(adoption: Adoption, file: RhythmFile, texts: Mapping[str, str]) -> None:
    """Put new steps into the file, and note where each job has gone.

    `texts` are the scripts' texts by their paths.
    """
    moved = _taken_out(adoption, file)
    fresh = [each for each in adoption.placed if each.standing is Standing.NEW]
    python = file.python or _python(fresh)
    if fresh:
        if file.scripts_dir is None:
            file.set("scripts_dir", adoption.folder.replace("\\", "/"))
        if python and file.python is None:
            file.set("python", python.replace("\\", "/"))
        file.allow([path for each in fresh for path in step_table.outside(each.run)])
    by_name = {each.job.name: each for each in fresh}
    for target in adoption.targets.values():
        jobs = ordered([each.job for each in fresh if each.job.group == target.name], texts)
        if not jobs:
            continue
        if target.name not in file.groups:
            file.add_group(target, _after(target, adoption, file))
        taken = set(file.names(target.name))
        steps: list[tuple[Any, str]] = []
        for job in jobs:
            step = _step(by_name[job.name], adoption.folder, taken, python, moved)
            taken.add(step_table.name_of(step))
            steps.append((step, " ".join(f"{job.name}, {in_words(job.triggers)}".split())))
        file.add_steps(target.name, steps)
    noted = {job.name: str(job.group) for job in adoption.standing(Standing.NEW, Standing.SERVICE)}
    noted |= {job.name: str(Standing.DROPPED) for job in adoption.standing(Standing.DROPPED)}
    file.adopt({name: group for name, group in noted.items() if file.adopted.get(name) != group})


def _step(placed: Placed, folder: str, taken: set[str], python: str | None, moved: Mapping[str, Any]) -> Any:
    """Return the step of a job: as it was where it has only moved."""
    if placed.job.name in moved:
        return step_table.renamed(moved[placed.job.name], taken)
    return step_table.step(placed.job, placed.run, folder, taken, python=python, missing=placed.missing)


def _taken_out(adoption: Adoption, file: RhythmFile) -> dict[str, Any]:
    """Take the steps out of the file that are to be elsewhere, or nowhere; return them by their jobs."""
    moved: dict[str, Any] = {}
    for each in adoption.placed:
        if not each.said or each.standing is Standing.KEPT or not each.run:
            continue
        for group, index, run, _ in reversed(list(file.steps())):
            if same_words(run, each.run):
                moved[each.job.name] = file.remove_step(group, index)
    return moved


def _python(fresh: Sequence[Placed]) -> str | None:
    """Return the interpreter that all scripts name, if it is one."""
    named = {each.job.python for each in fresh if _is_python(each.job)}
    return named.pop() if len(named) == 1 else None


def _is_python(job: Job) -> bool:
    return paths.suffix(job.script or "") == ".py"


def _after(target: TargetGroup, adoption: Adoption, file: RhythmFile) -> str | None:
    """Return the nearest group that comes before this one and has steps."""
    there = {*file.groups, *(job.group for job in adoption.standing(Standing.NEW))}
    before = target.after
    while before and before not in there:
        before = adoption.targets[before].after if before in adoption.targets else None
    return before
