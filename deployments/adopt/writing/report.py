"""What `rhythm adopt` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from deployments.adopt.job import Difference, Job
from deployments.adopt.judging.differences import after
from deployments.adopt.judging.five_groups import SERVICE
from deployments.adopt.judging.judgement import Adoption
from deployments.adopt.judging.placing import Placed, Standing
from deployments.adopt.schedules.frequency import in_words
from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table

# Said of each difference so many names at most.
_MOST_NAMES = 8
#: Of the table of jobs.
COLUMNS = (
    Column("job", Kind.TEXT),
    Column("group", Kind.NAME),
    Column("before", Kind.TEXT),
    Column("after", Kind.TEXT),
    Column("differences", Kind.TEXT),
)


def show(adoption: Adoption, files: int) -> None:
    """Print where each job goes, what is lost, and what is left to do."""
    differences = _numbered(adoption.jobs)
    placed = sorted(adoption.placed, key=lambda each: _rank(each, adoption))
    if placed:
        console.show(Table(COLUMNS, [_row(each, adoption, differences) for each in placed]))
    _show_differences(differences, adoption.jobs)
    _show_needs(adoption)
    console.say(summary(adoption, files))


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
    console.say("\nOnce a beat has gone well, these take the old tasks out of service (run them yourself):\n")
    for switch in switches:
        console.say(f"  {switch.off}", verbatim=True)
    console.say("\nand these bring them back:\n")
    for switch in switches:
        console.say(f"  {switch.on}", verbatim=True)
    console.say("")


def _row(placed: Placed, adoption: Adoption, differences: Mapping[Difference, int]) -> tuple[str, ...]:
    job = placed.job
    target = adoption.targets.get(job.group or "")
    where = job.group or str(placed.standing)
    numbers = " ".join(
        str(number) for number in sorted({differences[difference] for difference in job.differences})
    )
    return job.name, where, in_words(job.triggers), after(target) if target else "", numbers


def _rank(placed: Placed, adoption: Adoption) -> int:
    groups = [*adoption.targets, SERVICE]
    return groups.index(placed.job.group) if placed.job.group in groups else len(groups)


def _numbered(jobs: Sequence[Job]) -> dict[Difference, int]:
    """Return every difference once, the most frequent first, with the number that the table gives it."""
    counts = Counter(difference for job in jobs for difference in dict.fromkeys(job.differences))
    return {difference: number for number, (difference, _) in enumerate(counts.most_common(), 1)}


def _show_differences(differences: Mapping[Difference, int], jobs: Sequence[Job]) -> None:
    found: dict[Difference, list[str]] = {}
    for job in jobs:
        for difference in dict.fromkeys(job.differences):
            found.setdefault(difference, []).append(job.name)
    if differences:
        console.say("What is lost, or different, and what to do about it:\n")
    texts = {
        number: f"{difference.what}\n→ {difference.remedy}\n{_names(found[difference])}"
        for difference, number in differences.items()
    }
    console.show(console.numbered(texts), end="")


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _show_needs(adoption: Adoption) -> None:
    if not adoption.needs:
        return
    console.say("These need you:\n")
    for job in adoption.needs:
        group = f", placed in {job.group}" if job.group else ""
        console.say(f"  {job.name} ({job.source}){group}")
        for remedy, whats in _by_remedy(job.unknowns or job.differences[-1:]).items():
            console.say("".join(f"    {what}\n" for what in whats) + f"    → {remedy}")
    console.say("")


def _by_remedy(differences: Sequence[Difference]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for difference in differences:
        found.setdefault(difference.remedy, []).append(difference.what)
    return found


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
