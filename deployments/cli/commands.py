"""The commands of `rhythm`, with their arguments and options.

Each is registered here by one call of `_register`, and carried out by `run` of the module of its name, which
takes every argument and option as a keyword (tests/deployments/cli/test_commands.py holds names and types
together). They are apart because those modules load Prefect, which takes more than a second: help,
completion and a mistyped call need only this one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from deployments.cli import console
from deployments.cli.arguments import (
    Choice,
    Count,
    GroupName,
    Hours,
    LogName,
    StepName,
    Time,
    in_front,
    repeat,
    step_summary,
)
from tasks import builtin

#: A command with its arguments: loads its module, does its work, and returns its exit code.
Call = Callable[[], int]

#: What the shells call it.
PROGRAM = "rhythm"


def parse(argv: Sequence[str]) -> Call | int:
    """Return what a command line calls, or 0 if it was only --help or --version.

    Raises:
        click.UsageError: it cannot be used.
    """
    parsed: Call | int = COMMANDS.main(argv, prog_name=PROGRAM, standalone_mode=False)
    return parsed


class _Groups(click.Option):
    """An option that takes all words up to the next option, each a group's name."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__([name], metavar="GROUP...", multiple=True, type=GroupName(), help=text)


class _Commands(click.Group):
    """Commands in the order in which they are registered: as they are needed, and not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names."""
        return list(self.commands)


class _Command(click.Command):
    """A command of which an option may take several words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, after such an option has been repeated for each of its words."""
        names = [name for param in self.params if isinstance(param, _Groups) for name in param.opts]
        try:
            return super().parse_args(ctx, repeat(names, args))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # which Click leaves out where an option lacks its value
            raise


class _StepCommand(_Command):
    """`rhythm step`, which lists the steps, and hands on all that is behind a step's name."""

    allow_interspersed_args = False

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what steps there are."""
        with formatter.section("Built-in steps"):
            formatter.write_dl([(name, step_summary(name)) for name in builtin.NAMES])
        super().format_epilog(ctx, formatter)


class _RunCommand(_Command):
    """`rhythm run`, whose options may stand behind the name; all else there is the step's."""

    allow_interspersed_args = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, after our options have been put before the name."""
        return super().parse_args(ctx, in_front("--only", args))


def _flag(text: str, *names: str) -> click.Option:
    return click.Option(names, is_flag=True, help=text)


def _json(text: str = "Print one JSON object on stdout.") -> click.Option:
    return click.Option(["--json"], is_flag=True, is_eager=True, help=text)


def _show_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    """Print the versions that every report of a fault needs."""
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version  # 20 ms, which nothing else needs here

    versions = {name: version(name) for name in (PROGRAM, "prefect")}
    versions["python"] = sys.version.split()[0]
    if ctx.params.get("json"):
        console.show_json(versions)
    else:
        console.say("rhythm {rhythm} (Prefect {prefect}, Python {python})".format_map(versions))
    ctx.exit()


COMMANDS = _Commands(
    PROGRAM,
    params=[
        _json("Print one JSON object on stdout, errors too. It may stand anywhere."),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the versions of Rhythm, Prefect and Python.",
        ),
    ],
    help="Turns a pile of independently scheduled scripts into one coordinated beat on Prefect.",
    epilog="rhythm.toml defines what runs: the one named in RHYTHM_CONFIG, else the one in this folder, "
    "else that of the checkout that Rhythm is run from.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _register(
    name: str,
    text: str,
    *params: click.Parameter,
    json: bool = True,
    kind: type[click.Command] = _Command,
    **more: Any,
) -> None:
    """Add the command `name`, which `deployments.cli.NAME.run` carries out.

    `json`: it can print an object; `kind` and `more` are for Click.
    """
    all_params = [*params, _json()] if json else [*params]
    callback = partial(_call, name)
    COMMANDS.add_command(kind(name, callback=callback, params=all_params, help=text, short_help=text, **more))


def _call(module: str, /, **values: Any) -> Call:
    return lambda: int(import_module(f"deployments.cli.{module}").run(**values))


def _own(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a step's own arguments without the `--` that has kept a `--json` from being Rhythm's."""
    end = words.index("--") if "--" in words else len(words)
    return (*words[:end], *words[end + 1 :])


_register(
    "init", "Make this folder a rhythm's: rhythm.toml and its schema, prefect.yaml, prefect.toml, scripts/."
)
_register(
    "up",
    "Start everything, beat at once, and show how it goes.",
    _flag("Give every beat an interpreter of its own (more expensive).", "--isolated"),
    json=False,
)
_register("down", "End what `rhythm up` runs here: scripts first, then the worker, then the server.")
_register(
    "beat",
    "One beat now, here.",
    _Groups("--force", "Run it, due or not."),
    _flag("Only decide.", "--dry-run"),
)
_register(
    "run",
    "A group or a step now, by the worker if there is one; shows what it prints.",
    click.Argument(
        ["name"],
        metavar="GROUP|STEP",
        type=LogName(),
        help="A group, which counts for its slot; or a step, which does not. GROUP/STEP for one that several "
        "groups have.",
    ),
    click.Argument(
        ["args"],
        nargs=-1,
        type=click.UNPROCESSED,
        callback=_own,
        help="What the step gets behind its own arguments; it runs in this process then. An --only or --json "
        "among them is Rhythm's, except behind a --.",
    ),
    click.Option(["--only"], metavar="STEP", multiple=True, help="Only this step of the group; repeatable."),
    kind=_RunCommand,
    no_args_is_help=True,
)
_register(
    "retry",
    "A group whose last run failed, again now.",
    click.Argument(["group"], type=GroupName(), help="Which one."),
    _flag("Only the steps that failed, or were not reached; the run counts.", "--failed"),
)
_register(
    "skip",
    "Leave out a group's next slot.",
    click.Argument(["group"], type=GroupName(), help="Which one."),
)
_register(
    "pause",
    "Let nothing run by itself, or nothing of a group.",
    click.Argument(["group"], required=False, type=GroupName(), help="Which one. Default: all."),
    click.Option(
        ["--until"],
        metavar="TIME",
        help="14:00, 2h or 2026-12-01T07:00, in the rhythm's timezone. Default: until `rhythm resume`.",
    ),
)
_register(
    "resume",
    "End pauses, also those made in Prefect; of a group, a skip as well.",
    click.Argument(["group"], required=False, type=GroupName(), help="Which one. Default: all."),
)
_register(
    "plan",
    "What would run when, if all goes well.",
    click.Option(["--from", "start"], metavar="TIME", type=Time(), help="ISO 8601; default: now."),
    click.Option(["--hours"], metavar="N", type=Hours(), default=24.0, help="Default: 24."),
    _Groups("--failing", "Suppose that it fails."),
    _flag("And which groups would better have waited for a quieter beat.", "--why"),
)
_register(
    "replay",
    "The recorded days once more, under this or another rhythm.toml.",
    click.Option(["--days"], metavar="N", type=Count(1), help="The last N. Default: all that are recorded."),
    click.Option(
        ["--with", "with_file"], metavar="FILE", type=click.Path(), help="Compare with this rhythm.toml."
    ),
)
_register(
    "advise",
    "What to change in rhythm.toml, by the recorded days.",
    _flag("Write it into rhythm.toml.", "--apply"),
    click.Option(["--days"], metavar="N", type=Count(7), help="By the last N. Default: 30."),
)
_register("status", "Every group's last run, what is due, and why nothing runs now.")
_register(
    "explain",
    "Why a group runs or not, and when next, step by step.",
    click.Argument(["group"], type=GroupName(), help="One of rhythm.toml's groups."),
)
_register(
    "history",
    "What ran, how it ended, how long it took, what it cost, and why.",
    click.Argument(
        ["name"],
        metavar="[GROUP|STEP]",
        required=False,
        type=LogName(),
        help="Of this group or step only; GROUP/STEP for a step that several groups have.",
    ),
    click.Option(["-n", "count"], type=Count(1), metavar="N", help="The last N runs. Default: 20."),
)
_register(
    "ui",
    "Open Prefect's UI in the browser, signed in.",
    _flag("Only print the link.", "--no-browser"),
)
_register(
    "env",
    "The variables by which Prefect's own commands reach the server.",
    click.Option(
        ["--shell"],
        type=Choice(("bash", "fish", "powershell", "cmd")),
        help="Default: the one in use.",
    ),
    _flag("The server's password as well.", "--secrets"),
)
_register(
    "check",
    "Is rhythm.toml valid, and is all there that it names?",
    _flag("Let the interpreters look at the scripts as well; none is run.", "--scripts"),
)
_register(
    "config",
    "The schema of rhythm.toml, for editors that complete and check it.",
    click.Argument(["action"], type=Choice(("schema",)), help="JSON Schema, on stdout."),
)
_register("doctor", "Check that the installation works.")
_register(
    "step",
    "One built-in step, run manually, without Prefect.",
    click.Argument(
        ["name"], required=False, type=StepName(), help="One of the built-in steps. Default: list them."
    ),
    click.Argument(
        ["args"],
        nargs=-1,
        type=click.UNPROCESSED,
        callback=_own,
        help="The step's own; `rhythm step NAME --help` shows them. A --json among them is Rhythm's, "
        "except behind a --.",
    ),
    kind=_StepCommand,
)
_register(
    "adopt",
    "Propose a rhythm.toml from what Task Scheduler, cron or systemd have.",
    click.Argument(
        ["sources"],
        metavar="[SOURCE]...",
        nargs=-1,
        type=click.Path(),
        help="A file, folder or pattern; - for standard input.",
    ),
    _flag("Ask this machine's own scheduler.", "--this-machine"),
    click.Option(
        ["--assign"],
        metavar="NAME=GROUP",
        multiple=True,
        help="Where a job belongs; GROUP@7d makes a group.",
    ),
    click.Option(["--drop"], metavar="NAME", multiple=True, help="Leave a job out."),
    click.Option(
        ["--output", "-o"],
        metavar="FILE",
        type=click.Path(),
        help="Default: $RHYTHM_CONFIG, or rhythm.toml in this folder.",
    ),
    _flag("Write nothing.", "--dry-run"),
)
_register(
    "service",
    "Rhythm from the machine's start on, as a service of the system's.",
    click.Argument(
        ["action"],
        type=Choice(("install", "uninstall", "status", "start", "stop")),
        help="What to do with it.",
    ),
    click.Option(
        ["--account"], metavar="NAME", help="Whose it is; on Windows also SYSTEM, on Linux only as root."
    ),
    click.Option(["--env"], metavar="NAME", multiple=True, help="A variable that it is to have as well."),
    _flag("Only show what would be done.", "--dry-run"),
    _flag("Do what needs an administrator, too.", "--yes"),
)
_register(
    "logs",
    "The runs' logs, in one stream; of a step or a group, all that it has printed.",
    click.Argument(
        ["name"],
        metavar="[STEP|GROUP]",
        required=False,
        type=LogName(),
        help="Of this step or group only, from its files; GROUP/STEP for a step that several groups have.",
    ),
    click.Option(["--run"], metavar="ID", help="Of this run of its group only; the first characters do."),
    click.Option(["--last"], metavar="N", type=Count(1), help="Of the last N runs only."),
    click.Option(
        ["-n", "count"],
        type=Count(0),
        metavar="N",
        help="The last N lines. Default: 50, but all of the runs that --run or --last choose.",
    ),
    _flag("Go on as they come.", "-f", "--follow"),
)
_register(
    "completion",
    "The lines by which a shell completes what is typed: commands, options, groups, steps.",
    click.Argument(
        ["shell"],
        type=Choice(("bash", "zsh", "fish", "powershell")),
        help="Bash from 4.4 on, and every PowerShell from 5.1 on.",
    ),
    epilog="""\b
Let the shell read them whenever it starts, by a line in its own file:
  ~/.bashrc                    eval "$(rhythm completion bash)"
  ~/.zshrc, after compinit     eval "$(rhythm completion zsh)"
  ~/.config/fish/config.fish   rhythm completion fish | source
  $PROFILE                     rhythm completion powershell |
                                 Out-String | Invoke-Expression""",
)
