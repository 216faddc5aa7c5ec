"""Where a job belongs, and why: in a group, among the services, or nowhere. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from deployments.adopt import paths
from deployments.adopt.job import Difference, Job, Kind
from deployments.adopt.judging.assignments import Assignment
from deployments.adopt.judging.five_groups import SERVICE
from deployments.adopt.judging.grouping import group_of
from deployments.adopt.judging.services import is_service


class Standing(StrEnum):
    """How a job stands to rhythm.toml."""

    NEW = "new"
    KEPT = "kept"
    SERVICE = "service"
    DROPPED = "dropped"
    TAKEN_OUT = "taken out"
    DISABLED = "disabled"
    OVER = "over"
    IDLE = "idle"
    UNPLACED = "unplaced"


# Why a job has no group, and what to do if it is to have one.
_REASONS = {
    Standing.DROPPED: Difference("you have dropped it", "Use --assign NAME=GROUP to have it back."),
    Standing.TAKEN_OUT: Difference(
        "you have taken it out of rhythm.toml", "Use --assign NAME=GROUP to have it back."
    ),
    Standing.DISABLED: Difference(
        "it is disabled, and so is not adopted", "Use --assign NAME=GROUP to have it all the same."
    ),
    Standing.OVER: Difference(
        "it was to run once", "Leave it to the old scheduler, or use --assign NAME=GROUP."
    ),
    Standing.IDLE: Difference("nothing sets it off", "Use --assign NAME=GROUP to have it run regularly."),
    Standing.UNPLACED: Difference("nothing shows which group it belongs to", "Use --assign NAME=GROUP."),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the registrations themselves.

    `texts` are scripts' texts by their paths; `is_missing` is whether this machine would
    have a path, and does not.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    is_missing: Callable[[str], bool] = lambda path: False


@dataclass(frozen=True, slots=True)
class Placed:
    """A job with its group, how it stands, and whether the command line has said so.

    `run` is what its step runs, nothing where nothing can be run; `missing` means that its script is not
    on this machine, which would have it.
    """

    job: Job
    standing: Standing
    said: bool = False
    run: tuple[str, ...] = ()
    missing: bool = False

    @property
    def needs_user(self) -> bool:
        """Whether it ran by itself so far, and is not surely where it belongs now."""
        if self.said or not self.job.enabled:
            return False
        unsure = self.standing in (Standing.NEW, Standing.KEPT, Standing.IDLE) and not self.job.certain
        return unsure or self.standing is Standing.UNPLACED


class Present:
    """What a rhythm.toml holds already: steps by the words that they run, and the jobs adopted before."""

    def __init__(
        self,
        steps: Iterable[tuple[str, int, tuple[str, ...], str]] = (),
        adopted: Mapping[str, str] | None = None,
        groups: tuple[str, ...] = (),
        scripts_dir: str | None = None,
    ) -> None:
        self.adopted, self.groups, self.scripts_dir = adopted or {}, groups, scripts_dir
        self._groups: dict[tuple[str, ...], str] = {}
        self._stems: dict[str, set[str]] = {}
        for group, _, words, _ in steps:
            if words:
                self._groups.setdefault(_key(words), group)
                self._stems.setdefault(paths.stem(words[0]).lower(), set()).add(group)

    def group(self, words: Sequence[str]) -> str | None:
        """Return the group that has a step of these words."""
        return self._groups.get(_key(words)) if words else None

    def group_of_changed(self, words: Sequence[str], group: str) -> str | None:
        """Return the group that has a step of the same script by now, whatever its arguments."""
        groups = self._stems.get(paths.stem(words[0]).lower(), set()) if words else set()
        return group if group in groups else next(iter(sorted(groups)), None)


def same_words(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two steps run the same."""
    return _key(one) == _key(other)


def _key(words: Sequence[str]) -> tuple[str, ...]:
    return (paths.same(words[0].removeprefix("./")), *words[1:]) if words else ()


def place(
    job: Job,
    run: Sequence[str],
    present: Present,
    known: Known,
    *,
    said: Assignment | None = None,
    dropped: bool = False,
) -> Placed:
    """Return the job with its group. `run` is what its step would run, empty if nothing can be run.

    The user's word wins: first the command line's, then the file's, in which a job stays as it is
    that was adopted before.
    """
    return replace(_place(job, run, present, known, said, dropped), run=tuple(run))


def _place(
    job: Job, run: Sequence[str], present: Present, known: Known, said: Assignment | None, dropped: bool
) -> Placed:
    if dropped:
        return _nowhere(job, Standing.DROPPED, said=True)
    if said and (run or said.group == SERVICE):
        standing = Standing.SERVICE if said.group == SERVICE else Standing.NEW
        standing = Standing.KEPT if present.group(run) == said.group else standing
        return Placed(replace(job, group=said.group), standing, said=True)
    before = present.adopted.get(job.name)
    if (job.enabled or before) and (group := present.group(run)):
        return Placed(replace(job, group=group), Standing.KEPT)
    if before == Standing.DROPPED:
        return _nowhere(job, Standing.DROPPED)
    if before and before != SERVICE:
        group = present.group_of_changed(run, before)
        return (
            Placed(replace(job, group=group), Standing.KEPT, said=True)
            if group
            else _nowhere(job, Standing.TAKEN_OUT)
        )
    return _new(job, known, runs=bool(run), service=before == SERVICE)


def _new(job: Job, known: Known, *, runs: bool, service: bool) -> Placed:
    if not job.enabled:
        return _nowhere(job, Standing.DISABLED)
    if job.triggers and all(trigger.kind is Kind.ONCE for trigger in job.triggers):
        return _nowhere(job, Standing.OVER)
    text = known.texts.get(job.script or "", "")
    if service or is_service(job, text):
        return Placed(replace(job, group=SERVICE), Standing.SERVICE)
    if not job.triggers and not job.doubts:
        return _nowhere(job, Standing.IDLE)
    if not runs:
        return Placed(job, Standing.UNPLACED)
    group = group_of(job, text)
    return Placed(replace(job, group=group), Standing.NEW) if group else _nowhere(job, Standing.UNPLACED)


def _nowhere(job: Job, standing: Standing, *, said: bool = False) -> Placed:
    return Placed(replace(job.with_differences(_REASONS[standing]), group=None), standing, said)
