"""`rhythm completion`: what a shell evaluates to complete rhythm's commands, options, groups and steps."""

from __future__ import annotations

from click.shell_completion import get_completion_class

from deployments.cli import console
from deployments.cli.commands import COMMANDS, PROGRAM

#: By it the shell's lines ask `rhythm` for completions; Click reads it before the command line.
_VARIABLE = "_RHYTHM_COMPLETE"


def run(*, shell: str, json: bool) -> int:
    """Print the lines. Return 0."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"Click completes in no shell {shell!r}")
    source = kind(COMMANDS, {}, PROGRAM, _VARIABLE).source()
    if json:
        console.show_json({"shell": shell, "lines": source})
    else:
        print(source)
    return 0
