"""From the jobs that were found to the steps of rhythm.toml. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from deployments.adopt import paths, step_table
from deployments.adopt.differences import differences
from deployments.adopt.frequency import told
from deployments.adopt.house import ROOMS, Room
from deployments.adopt.job import MINUTES_A_DAY, Job, Loss
from deployments.adopt.merging import merge
from deployments.adopt.placing import Known, Placed, Present, Standing, place, same_words
from deployments.adopt.producers import ordered
from deployments.adopt.rhythm_file import RhythmFile
from deployments.adopt.user_word import Assignment, meant
from tasks.settings import Settings


@dataclass(slots=True)
class Adoption:
    """Where all jobs have gone. `twins` are those that went into another one, with its name.

    `rooms` are the groups by their names.
    """

    placed: list[Placed]
    twins: list[tuple[Job, str]]
    rooms: dict[str, Room]

    @property
    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they were found."""
        return [each.job for each in self.placed]

    @property
    def needs(self) -> list[Job]:
        """The jobs that the user has to look at."""
        return [each.job for each in self.placed if each.needs_user]

    def standing(self, *standings: Standing) -> list[Job]:
        """Return the jobs that stand so."""
        return [each.job for each in self.placed if each.standing in standings]


def adopt(
    found: Sequence[Job],
    file: RhythmFile,
    settings: Settings | None,
    known: Known,
    assignments: Sequence[Assignment] = (),
    drops: Sequence[str] = (),
) -> Adoption:
    """Give every job its group, and put into the file the steps that it does not have yet.

    `settings` are those of the file, if it is not new.

    Raises:
        ConfigError: the user's word names no job.
    """
    merged = merge(_distinct(found))
    said = {job.name: each for each in assignments for job in meant(each.name, merged.jobs, "--assign")}
    dropped = {job.name for name in drops for job in meant(name, merged.jobs, "--drop")}
    rooms = _rooms(settings)
    rooms |= {
        each.room.name: each.room for each in said.values() if each.room and each.group not in file.groups
    }
    running = [job for job in merged.jobs if job.enabled or job.name in said]
    folder = file.scripts_dir or step_table.scripts_folder(running) or "scripts"
    present = Present(file.steps(), file.adopted)
    adoption = Adoption([], merged.twins, rooms)
    for job in merged.jobs:
        placed = place(job, folder, present, known, said=said.get(job.name), dropped=job.name in dropped)
        adoption.placed.append(replace(placed, job=_with_losses(placed.job, rooms, folder, known)))
    _write(adoption, file, folder, known)
    return adoption


def _with_losses(job: Job, rooms: dict[str, Room], folder: str, known: Known) -> Job:
    room = rooms.get(job.group or "")
    if room is None:
        return job
    job = job.losing(*differences(job, room))
    if _is_missing(job, folder, known):
        job = job.losing(Loss(f"there is no {job.script} on this machine", "Put it there, or --drop it."))
    return job


def _is_missing(job: Job, folder: str, known: Known) -> bool:
    return bool(job.script) and known.is_missing(paths.join(folder, job.script or ""))


def _write(adoption: Adoption, file: RhythmFile, folder: str, known: Known) -> None:
    """Put new steps into the file, group by group; take out, or move, what the user's word says."""
    moved = _taken_out(adoption, file, folder)
    fresh = adoption.standing(Standing.NEW)
    python = file.python or _python(fresh)
    if fresh:
        if file.scripts_dir is None:
            file.say("scripts_dir", folder.replace("\\", "/"))
        if python and file.python is None:
            file.say("python", python.replace("\\", "/"))
        file.allow([path for job in fresh for path in step_table.outside(job, folder)])
    for room in adoption.rooms.values():
        mine = ordered([job for job in fresh if job.group == room.name], known.texts)
        if not mine:
            continue
        if room.name not in file.groups:
            file.add_group(room, _after(room, adoption, file))
        taken = set(file.names(room.name))
        steps: list[tuple[Any, str]] = []
        for job in mine:
            missing = _is_missing(job, folder, known)
            step = step_table.step(job, folder, taken, python=python, missing=missing)
            if job.name in moved:
                step = step_table.renamed(moved[job.name], taken)
            taken.add(step_table.name_of(step))
            steps.append((step, " ".join(f"{job.name}, {told(job.triggers)}".split())))
        file.add_steps(room.name, steps)
    noted = {job.name: str(job.group) for job in adoption.standing(Standing.NEW, Standing.SERVICE)}
    noted |= {job.name: str(Standing.DROPPED) for job in adoption.standing(Standing.DROPPED)}
    file.adopt({name: group for name, group in noted.items() if file.adopted.get(name) != group})


def _taken_out(adoption: Adoption, file: RhythmFile, folder: str) -> dict[str, Any]:
    """Take the steps out of the file that are to be elsewhere, or nowhere; return them by their jobs."""
    moved: dict[str, Any] = {}
    for each in adoption.placed:
        if not each.said or each.standing is Standing.KEPT or not (each.job.script or each.job.through):
            continue
        words = step_table.words(each.job, folder)
        for group, place_of, run, _ in reversed(list(file.steps())):
            if same_words(run, words):
                moved[each.job.name] = file.remove_step(group, place_of)
    return moved


def _python(jobs: Sequence[Job]) -> str | None:
    """Return the interpreter that all scripts name, if it is one."""
    named = {job.python for job in jobs if paths.ending(job.script or "") == ".py"}
    return named.pop() if len(named) == 1 else None


def _after(room: Room, adoption: Adoption, file: RhythmFile) -> str | None:
    """Return the nearest group that comes before this one and has steps."""
    there = {*file.groups, *(job.group for job in adoption.standing(Standing.NEW))}
    before = room.after
    while before and before not in there:
        before = adoption.rooms[before].after if before in adoption.rooms else None
    return before


def _rooms(settings: Settings | None) -> dict[str, Room]:
    """Return the five groups, and those of a file as they are there."""
    rooms = {room.name: room for room in ROOMS}
    for name, group in (settings.groups if settings else {}).items():
        minutes = group.every.total_seconds() / 60 if group.every else MINUTES_A_DAY
        at = f"{group.at:%H:%M}" if group.at else None
        after = rooms[name].after if name in rooms else None
        rooms[name] = Room(name, minutes, at=at, after=after)
    return rooms


def _distinct(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs with names of which no two are the same."""
    counts: dict[str, int] = {}
    found = []
    for job in jobs:
        count = counts[job.name] = counts.get(job.name, 0) + 1
        found.append(replace(job, name=f"{job.name} ({count})") if count > 1 else job)
    return found
