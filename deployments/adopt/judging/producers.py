"""The order of steps within a group: who writes a file before who reads it, else by the time of day. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush

from deployments.adopt.job import Job, Kind

# A file's name in quotes, perhaps behind a folder's: what scripts hand each other.
_FILE = re.compile(
    r"[\"'](?:[^\"'\n]*[\\/])?([\w.{}$-]+\.(?:jsonl?|csv|tsv|db|sqlite3?|parquet|md|html?|txt|xml|ya?ml|pkl|npz|png))[\"']",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r"write|dump|to_csv|to_json|to_parquet|savefig|\.save\(|Out-File|Set-Content|Add-Content|Export-|Tee-Object"
    r"|[\"'][wax][bt+]{0,2}[\"']|Copy-Item|>>?\s*[\"'$]|append|insert|replace\(",
    re.IGNORECASE,
)
_READS = re.compile(
    r"read|load|Get-Content|Import-|ConvertFrom|open\((?![^)]*[\"'][wax])|\.exists\(|Test-Path|cat\s|glob\(|connect\(",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^\s*\$?([A-Za-z_]\w*)\s*(?::[^=\n]+)?=\s*(?!=)")
_LONGEST = 400_000  # characters of a script that are looked at


def files(text: str) -> tuple[set[str], set[str]]:
    """Given a script's text, return the names of the files that it writes, and of those that it reads.

    What counts is a line that both names a file, itself or by a variable that was given it, and has
    a word for writing or reading. A file that a script both reads and writes is its own.
    """
    variables: dict[str, str] = {}
    written: set[str] = set()
    read: set[str] = set()
    for line in text[:_LONGEST].splitlines():
        if line.lstrip().startswith(("#", "//")) or len(line) > 2000:
            continue
        found = {name.lower() for name in _FILE.findall(line)}
        named = _NAMED.match(line)
        if named and found:
            variables[named[1]] = min(found)
        if variables:
            found |= {variables[word] for word in re.findall(r"[A-Za-z_]\w*", line) if word in variables}
        writes = bool(_WRITES.search(line))
        if found and writes:
            written |= found
        elif found and _READS.search(line):
            read |= found
    return written, read - written


def ordered(jobs: Sequence[Job], texts: Mapping[str, str]) -> list[Job]:
    """Return a group's jobs in the order of their steps.

    `texts` are the scripts' texts by their paths. Those that write what another one reads come
    before it; apart from that they come by their time of day, and then as they were found. Jobs
    that read each other's files in a circle are left in that order.
    """
    by_time = sorted(range(len(jobs)), key=lambda index: (_time(jobs[index]), index))
    rank = {index: place for place, index in enumerate(by_time)}
    sorter = TopologicalSorter(_needs([files(texts.get(job.script or "", "")) for job in jobs]))
    try:
        sorter.prepare()
    except CycleError:
        return [jobs[index] for index in by_time]
    order: list[int] = []
    ready = [rank[index] for index in sorter.get_ready()]
    heapify(ready)
    while ready:
        first = by_time[heappop(ready)]
        order.append(first)
        sorter.done(first)
        for index in sorter.get_ready():
            heappush(ready, rank[index])
    return [jobs[index] for index in order]


def _needs(known: Sequence[tuple[set[str], set[str]]]) -> dict[int, set[int]]:
    """Return, for each script, those that write what it reads, unless they read what it writes as well."""
    writers: dict[str, set[int]] = {}
    for index, (written, _) in enumerate(known):
        for name in written:
            writers.setdefault(name, set()).add(index)
    needs: dict[int, set[int]] = {}
    for index, (written, read) in enumerate(known):
        before = {writer for name in read for writer in writers.get(name, ())}
        needs[index] = {writer for writer in before if writer != index and not written & known[writer][1]}
    return needs


def _time(job: Job) -> str:
    """Return the time of day that a job has run at; those without one, or with many, come first."""
    if any(trigger.kind is Kind.INTERVAL for trigger in job.triggers):
        return ""
    return min((trigger.at[-5:] for trigger in job.triggers if trigger.at), default="")
