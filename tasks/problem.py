"""What is wrong, where, and what to do about it: the shape of every user-facing error."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches

_LISTED = 20
#: Bytes of UTF-8 that each part of a message has at most: a value may be as long as its file.
_LONGEST = 500
#: What to do where the fault is the system's, whatever was opened or written.
_REMEDIES = {
    errno.EMFILE: "Allow more open files here: `ulimit -n 1024`, or LimitNOFILE= of a systemd unit.",
    errno.ENFILE: "The whole machine has too many open files: end what holds them.",
    errno.ENOSPC: "Free space on its disk.",
    errno.EDQUOT: "Free space: the account has used up its quota.",
    errno.EIO: "Look at its disk: it reports errors of its own.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `where` names the file and key, `problem` the fault, `remedy` what to do."""

    where: str
    problem: str
    remedy: str

    def __post_init__(self) -> None:
        for name in ("where", "problem", "remedy"):
            object.__setattr__(self, name, _shortened(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}. {self.remedy}"

    def to_json(self) -> dict[str, str]:
        """The finding as the CLI's `--json` prints it."""
        return asdict(self)


class CommandError(Exception):
    """What was asked for cannot be done here and now; the message says why, and what to do."""


class ConfigError(Exception):
    """The settings cannot be used; `problems` says why, all of it at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    def to_json(self) -> dict[str, list[dict[str, str]]]:
        """Why, as the CLI's `--json` prints it."""
        return {"problems": [problem.to_json() for problem in self.problems]}


def remedy_for(error: OSError, otherwise: str) -> str:
    """Return what to do about a file that cannot be used: `otherwise`, unless the cause lies elsewhere."""
    return _REMEDIES.get(error.errno or 0, otherwise)


def _shortened(text: str) -> str:
    """Return a text without its middle if that is long."""
    as_bytes = text.encode("utf-8", "replace")
    if len(as_bytes) <= _LONGEST:
        return text
    half = _LONGEST // 2 - 2  # the ellipsis has three bytes
    begin, end = as_bytes[:half], as_bytes[-half:]
    return f"{begin.decode('utf-8', 'ignore')}…{end.decode('utf-8', 'ignore')}"


def alternatives(kind: str, name: str, known: Iterable[str]) -> str:
    """Return what an unknown `name` may have meant, and those of its `kind` (a plural), as a remedy.

    Upper and lower case are one. At most 20 are listed: a machine may have hundreds of scheduled tasks.
    """
    names = list(known)
    folded = {each.casefold(): each for each in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=1)
    meant = f"Did you mean '{folded[close[0]]}'? " if close else ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{meant}The {kind} are {', '.join(names[:_LISTED])}{more}."
