"""What `rhythm adopt` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from deployments import output
from deployments.adopt.adoption import Adoption
from deployments.adopt.differences import after
from deployments.adopt.frequency import told
from deployments.adopt.house import SERVICE
from deployments.adopt.job import Job, Loss
from deployments.adopt.placing import Placed, Standing

# Said of each loss so many names at most.
_MOST_NAMES = 8


def show(adoption: Adoption, files: int) -> None:
    """Print where each job goes, what is lost, and what is left to do."""
    losses = _numbered(adoption.jobs)
    placed = sorted(adoption.placed, key=lambda each: _rank(each, adoption))
    if placed:
        head = ("job", "group", "before", "after", "losses")
        rows = [_row(each, adoption, losses) for each in placed]
        output.show(output.table(head, rows, folding=("job", "before", "losses")))
    _show_losses(losses, adoption.jobs)
    _show_needs(adoption)
    output.say(summary(adoption, files))


def summary(adoption: Adoption, files: int) -> str:
    """Return it all in one line."""
    jobs = len(adoption.placed) + len(adoption.twins)
    steps = adoption.standing(Standing.NEW, Standing.KEPT)
    groups = {job.group for job in steps}
    parts = [f"{_count(len(steps), 'step')} in {_count(len(groups), 'group')}"]
    for standing, word in (
        (Standing.SERVICE, "service"),
        (Standing.DISABLED, "disabled"),
        (Standing.DROPPED, "dropped"),
        (Standing.TAKEN_OUT, "taken out"),
        (Standing.OVER, "for once"),
        (Standing.IDLE, "without a trigger"),
    ):
        if found := len(adoption.standing(standing)):
            parts.append(_count(found, word) if standing is Standing.SERVICE else f"{found} {word}")
    if adoption.twins:
        parts.append(f"{len(adoption.twins)} merged")
    if adoption.needs:
        parts.append(f"{len(adoption.needs)} {'needs' if len(adoption.needs) == 1 else 'need'} you")
    return f"{_count(files, 'file')}, {_count(jobs, 'task')}: {', '.join(parts)}"


def show_switches(adoption: Adoption) -> None:
    """Print the commands that take out of service what is a step now, and those that bring it back."""
    gone = [
        job
        for job in adoption.standing(Standing.NEW, Standing.KEPT)
        if job.enabled and job not in adoption.needs
    ]
    names = {job.name for job in gone}
    gone += [job for job, into in adoption.twins if into in names]
    switches = list(dict.fromkeys(job.switch for job in gone if job.switch))
    if not switches:
        return
    output.say("\nOnce a beat has gone well, these take the old tasks out of service (run them yourself):\n")
    for switch in switches:
        output.say(f"  {switch.off}")
    output.say("\nand these bring them back:\n")
    for switch in switches:
        output.say(f"  {switch.on}")
    output.say("")


def _row(placed: Placed, adoption: Adoption, losses: Mapping[Loss, int]) -> tuple[str, ...]:
    job = placed.job
    room = adoption.rooms.get(job.group or "")
    where = job.group or str(placed.standing)
    numbers = " ".join(str(number) for number in sorted({losses[loss] for loss in job.losses}))
    return job.name, where, told(job.triggers), after(room) if room else "", numbers


def _rank(placed: Placed, adoption: Adoption) -> int:
    groups = [*adoption.rooms, SERVICE]
    return groups.index(placed.job.group) if placed.job.group in groups else len(groups)


def _numbered(jobs: Sequence[Job]) -> dict[Loss, int]:
    """Return every loss once, those of the most jobs first, with the numbers that the table names them by."""
    counts = Counter(loss for job in jobs for loss in dict.fromkeys(job.losses))
    return {loss: number for number, (loss, _) in enumerate(counts.most_common(), 1)}


def _show_losses(losses: Mapping[Loss, int], jobs: Sequence[Job]) -> None:
    found: dict[Loss, list[str]] = {}
    for job in jobs:
        for loss in dict.fromkeys(job.losses):
            found.setdefault(loss, []).append(job.name)
    if losses:
        output.say("What is lost, or different, and what to do about it:\n")
    texts = {
        number: f"{loss.what}\n→ {loss.remedy}\n{_names(found[loss])}" for loss, number in losses.items()
    }
    output.show(output.numbered(texts))


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _show_needs(adoption: Adoption) -> None:
    if not adoption.needs:
        return
    output.say("These need you:\n")
    for job in adoption.needs:
        group = f", placed in {job.group}" if job.group else ""
        output.say(f"  {job.name} ({job.source}){group}")
        for remedy, whats in _by_remedy(job.unknowns or job.losses[-1:]).items():
            output.say("".join(f"    {what}\n" for what in whats) + f"    → {remedy}")
    output.say("")


def _by_remedy(losses: Sequence[Loss]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for loss in losses:
        found.setdefault(loss.remedy, []).append(loss.what)
    return found


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
