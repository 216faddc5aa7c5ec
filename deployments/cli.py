"""The `rhythm` command: parses, calls, prints. Each command's module is imported only when it is used."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module

from tasks.problem import ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Return its exit code: 0 well, 1 not, 2 a configuration or call that cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A console may not have every character; what it lacks must not end the program.
            stream.reconfigure(errors="replace")
            if sys.platform == "win32" and not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding="utf-8")  # as elsewhere, and not the code page of a console
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    # The server's analytics are off in pyproject.toml; this keeps the client from announcing its own.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    command = import_module(f"deployments.{args.module}")
    try:
        return int(command.run(args))
    except ConfigError as error:
        from deployments import output

        for problem in error.problems:
            output.error(str(problem))
        return 2
    except BrokenPipeError:  # whoever reads our output has had enough, as `head` has after ten lines
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt(number: int, frame: object) -> None:
    """End at SIGTERM as at Ctrl-C: in order, with nothing left running."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rhythm",
        description="Turns a pile of independently scheduled scripts into one coordinated beat on Prefect.",
        epilog="rhythm.toml says what runs: the one named in RHYTHM_CONFIG, else the one in this folder, "
        "else the project's.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str, *, json: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(module=name)
        if json:
            added.add_argument("--json", action="store_true", help="print one JSON object on stdout")
        return added

    up = command("up", "Start everything, beat at once, and show how it goes.", json=False)
    up.add_argument(
        "--isolated", action="store_true", help="give every beat an interpreter of its own (dearer)"
    )

    beat = command("beat", "One beat now, here.")
    beat.add_argument(
        "--force", metavar="GROUP", action="extend", nargs="+", default=[], help="run it, due or not"
    )
    beat.add_argument("--dry-run", action="store_true", help="only decide")

    plan = command("plan", "What would run when, if all goes well.")
    plan.add_argument("--from", dest="start", metavar="TIME", type=_moment, help="ISO 8601; default: now")
    plan.add_argument("--hours", type=_hours, default=24.0, metavar="N", help="default: 24")
    plan.add_argument(
        "--failing", metavar="GROUP", action="extend", nargs="+", default=[], help="suppose that it fails"
    )

    command("status", "Every group's last run, what is due, and why nothing runs now.")
    ui = command("ui", "Open Prefect's UI in the browser, signed in.")
    ui.add_argument("--no-browser", action="store_true", help="only print the link")

    env = command("env", "The variables by which Prefect's own commands reach the server.")
    env.add_argument("--shell", choices=("bash", "fish", "powershell", "cmd"), help="default: the one in use")
    env.add_argument("--secrets", action="store_true", help="the server's password as well")

    check = command("check", "Is rhythm.toml sound, and is all there that it names?")
    check.add_argument(
        "--scripts", action="store_true", help="let the interpreters look at the scripts as well; none is run"
    )
    command("doctor", "Prove that the installation works.")

    step = command("step", "One built-in step by hand, without Prefect.")
    step.add_argument("name", metavar="NAME")
    step.add_argument("args", metavar="ARGS", nargs=argparse.REMAINDER)

    adopt = command("adopt", "Propose a rhythm.toml from what Task Scheduler, cron or systemd have.")
    adopt.set_defaults(module="adopt.command")
    adopt.add_argument(
        "sources", metavar="SOURCE", nargs="*", help="a file, folder or pattern; - for standard input"
    )
    adopt.add_argument("--this-machine", action="store_true", help="ask this machine's own scheduler")
    adopt.add_argument(
        "--assign",
        metavar="NAME=GROUP",
        action="append",
        default=[],
        help="where a job belongs; GROUP@7d makes a group",
    )
    adopt.add_argument("--drop", metavar="NAME", action="append", default=[], help="leave a job out")
    adopt.add_argument(
        "--output", "-o", metavar="FILE", help="default: $RHYTHM_CONFIG, or rhythm.toml in this folder"
    )
    adopt.add_argument("--dry-run", action="store_true", help="write nothing")

    service = command("service", "Rhythm from the machine's start on, as a service of the system's.")
    service.set_defaults(module="service.command")
    service.add_argument("action", choices=("install", "uninstall", "status", "start", "stop"))
    service.add_argument("--account", metavar="NAME", help="Windows: whose it is; also SYSTEM")
    service.add_argument("--dry-run", action="store_true", help="only show what would be done")
    service.add_argument("--yes", action="store_true", help="do what needs an administrator, too")

    logs = command("logs", "The runs' logs, in one stream.")
    logs.add_argument("group", metavar="GROUP", nargs="?")
    logs.add_argument("-n", type=int, default=50, metavar="N", help="the last N lines (default: 50)")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as they come")
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-03-29T00:00 or …+01:00") from None
    if not 1970 <= moment.year < 9000:  # a timetable looks some days back, and at most a year ahead
        raise argparse.ArgumentTypeError(f"{text!r} is no time between the years 1970 and 9000")
    return moment


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= 24 * 366:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours between 0 and 8784")
    return hours


if __name__ == "__main__":
    sys.exit(main())
