"""Lines for a POSIX shell that are one command: its words, its environment, its folder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace

from deployments.adopt import paths
from deployments.adopt.commands import invocation
from deployments.adopt.commands.invocation import Invocation
from deployments.adopt.commands.windows_shells import printed
from deployments.adopt.job import Difference

# What is taken for granted of every line; the rest of the environment is the scheduler's.
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_LOGGER = re.compile(
    r"(\s*2>&1)?\s*\|\s*(?:/usr/bin/)?(logger|systemd-cat|tee|ts|mail|mailx|sendmail)\b([^|;&<>`$]*)$"
)
_REDIRECTION = re.compile(r"\s*(?:(?:[012]|&)?>{1,2}\s*(?:&\s*[12-]|[^\s|;&<>()]+)|<\s*/dev/null)\s*$")
_FOLDER = re.compile(r"\s*(?:cd|pushd)\s+(?:'([^']*)'|\"([^\"$`]*)\"|([^\s'\";&|$`]+))\s*(?:&&|;)\s*")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def read(line: str, cwd: str | None = None, env: Mapping[str, str] | None = None) -> Invocation:
    """Given a line, return what it runs. `env` are the variables that are set before it.

    A line that is more than one command cannot be a step: then there is a doubt, and no script.
    """
    env = env or {}
    differences: list[Difference] = []
    rest = line.strip()
    if found := _LOGGER.search(rest):
        differences.append(printed(f"{found[2]}{found[3].rstrip()}"))
        rest = rest[: found.start()]
    rest = re.sub(r"(?<![&>])&\s*$", "", rest)
    while found := _REDIRECTION.search(rest):
        target = re.sub(r"^\s*[012&]?[<>]+\s*", "", found[0]).strip()
        if not target.startswith("&") and target != "/dev/null":
            differences.append(printed(target.strip("'\"")))
        rest = rest[: found.start()]
    while found := _FOLDER.match(rest):
        folder = next(part for part in found.groups() if part is not None)
        cwd = paths.join(cwd, _filled(folder, env))
        rest = rest[found.end() :]
    words, problem = _words(rest, env)
    if problem:
        doubt = f"it is a line for a shell ({problem}): {_short(line)}"
        return Invocation(_short(line), cwd=cwd, differences=tuple(differences), doubts=(doubt,))
    own: dict[str, str] = {}
    while words and _ASSIGNMENT.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        own[name] = value
    found_run = invocation.from_words(words, cwd)
    return replace(
        found_run, env={**own, **found_run.env}, differences=(*differences, *found_run.differences)
    )


def _words(line: str, env: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the words of one plain command, or what makes it more than that."""
    bare = re.sub(r"'[^']*'", "''", line)
    outside = re.sub(r"\"(?:[^\"\\]|\\.)*\"", '""', bare)
    for pattern, text, problem in (
        (r"`|\$\(", bare, "a command within it"),
        (r"\n", line, "several lines"),
        (r"[|;&<>()]", re.sub(r"\\.", "", outside), "several commands"),
        (r"[*?\[\]{}]", re.sub(r"\\.|\$\{\w+\}", "", outside), "a pattern of files"),
        (r"(^|\s)(if|for|while|case|until|\[\[?|!)\s", outside, "a condition or a loop"),
        (r"(^|[\s=:])~", outside, "a home folder"),
    ):
        if re.search(pattern, text):
            return [], problem
    filled = _filled(line, env)
    if found := _VARIABLE.search(re.sub(r"'[^']*'", "", filled)):
        return [], f"the variable {found[0]}"
    try:
        return shlex.split(filled), ""
    except ValueError:
        return [], "a quote that is not closed"


def _filled(text: str, env: Mapping[str, str]) -> str:
    """Return the text with the variables that are known; those within '…' stay as they are."""
    pieces = re.split(r"('[^']*')", text)
    for index in range(0, len(pieces), 2):
        pieces[index] = _VARIABLE.sub(lambda found: env.get(found[1] or found[2], found[0]), pieces[index])
    return "".join(pieces)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:119]}…"
