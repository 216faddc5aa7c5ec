"""Which of the lines that a failed script has printed says why. Pure.

A program says it last, on standard error; what may come after it is known: a stack trace, advice, a
summary of a tool around it. tests/tasks/process/test_failure_reason.py has what real programs print.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, takewhile

from tasks.process.output import shortened

#: How many of a stream's last lines are looked at: the header of a deep stack trace is above all of it.
LOOKED_AT = 1_000
#: Characters that a reason may have.
LONGEST = 500

_WORD = re.compile(r"\w")
# From here on a program dumps its own state: Rust, Go, Python's faulthandler.
_DUMP = re.compile(
    r"stack backtrace:$|goroutine \d+ \[.+\]:$|(Current t|T)hread 0x[0-9a-f]+ .*\(most recent call first\):$"
)
# What comes after the reason, and gives none: advice, and summaries of what has been said before.
_AFTERWORD = re.compile(
    r"Node\.js v\d"
    r"|(Try|See|Run) ['\"`‘].*help"  # GNU, click, Docker
    r"|(hint|note): |For more information about this error"  # Git, Rust
    r"|BEGIN failed--compilation aborted|Execution of .* aborted due to|Compilation failed in require"  # Perl
    r"|.* line \d+: `.*'$"  # the shell shows the line of a syntax error
    r"|g?make(\[\d+\])?: (\*\*\* |Leaving directory)|rsync error: "
    r"|npm (ERR!|error)"
)
# What the block of npm begins with, if nothing else has been said.
_NPM = re.compile(r"npm (?:ERR!|error) (?!(?:code|errno|syscall|path|dest|signal) )(?:enoent )?(.*\w.*)")
# A bar, with its percentage or not: curl, pip, tqdm, wget.
_PROGRESS = re.compile(r"(?=.*\d ?%).*([#=█▉▊▋▌▍▎▏━]{2}|\|.*\|)|.*(█{3}|━{5}|\[=+>)")

_TRACEBACK = re.compile(r"(Exception Group )?Traceback \(most recent call last\):$")
_GROUP_MARGIN = re.compile(r"^ *(\| ?|\+ (?=Exception)|\+[-+]+.*)")  # how an exception group draws its tree
_SUB_EXCEPTIONS = re.compile(r"\(\d+ sub-exceptions?\)$")
# How a line of a log begins: with a time, or a level.
_LOGGED = re.compile(r"\W*(\d{2,4}[-/:.]\d\d[-/:.]\d\d|(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\b)")
# A frame below the header of a stack trace: JavaScript, Java, .NET; Ruby; Perl.
_FRAME = re.compile(r"\s+(at |\.\.\. \d+ |from .*:\d+:in |.* called at .* line \d+)")
# The header itself; its message may have more lines.
_HEADER = re.compile(
    r"(Caused by: |Uncaught |Unhandled exception\. |Exception in thread .* )?"
    r"[\w.$]*(Error|Exception|Rejection)\b"
)


def failure_reason(errors: Sequence[str], output: Sequence[str]) -> str:
    """Given the last lines of standard error and output, none of them blank, return the one that says why.

    Of an uncaught exception it is the line with its type; empty if nothing was printed.
    """
    found = _reason(errors) or _reason(output) or next(reversed([*output, *errors]), "")
    return shortened(found.strip(), LONGEST)


def _reason(lines: Sequence[str]) -> str:
    end = next((at for at, line in enumerate(lines) if at and _DUMP.match(line)), len(lines))
    said = [line for line in lines[:end] if _WORD.search(line) and not _PROGRESS.match(line)]
    last_words = [line for line in said if not _AFTERWORD.match(line)]
    return _python(last_words) or _last(last_words) or _npm(said) or next(reversed(said), "")


def _python(lines: Sequence[str]) -> str:
    """Return the last exception that Python printed with a traceback, if nothing was logged after it."""
    if any(line.lstrip(" +").startswith("Exception Group Traceback") for line in lines):
        lines = [_GROUP_MARGIN.sub("", line) for line in lines]
    starts = [at for at, found in enumerate(map(_TRACEBACK.match, lines)) if found]
    groups = [at for at in starts if lines[at].startswith("Exception Group")]
    if not starts:
        return ""
    start = (groups or starts)[-1]
    after = [line for line in lines[start + 1 :] if line.strip() and not line[0].isspace()]
    if not after or any(map(_LOGGED.match, after)):
        return ""
    if not groups:
        return after[0]
    first = (line for line in after[1:] if not _SUB_EXCEPTIONS.search(line) and not _TRACEBACK.match(line))
    return ": ".join([after[0], *islice(first, 1)])


def _last(lines: Sequence[str]) -> str:
    """Return the last line that does not belong to one above it, as it is indented."""
    at = next((at for at in reversed(range(len(lines))) if not lines[at][0].isspace()), None)
    if at is None:
        return next(reversed(lines), "")
    below = lines[at + 1 :]
    if below and _FRAME.match(below[0]):
        message = takewhile(lambda line: not _FRAME.match(line), reversed(lines[: at + 1]))
        return next(filter(_HEADER.match, message), lines[at])
    return below[-1] if below and lines[at].endswith(":") else lines[at]


def _npm(lines: Sequence[str]) -> str:
    """Return what npm says, where it is all that was said: its first line that is no mere code."""
    found = filter(None, map(_NPM.match, lines))
    return next((each[1] for each in found), "")
