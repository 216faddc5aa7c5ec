"""The `rhythm` command: parses, calls, and reports what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from deployments.cli import commands, console
from deployments.cli.arguments import json_behind_command
from deployments.daemon import signals
from tasks import extras
from tasks.problem import CommandError, ConfigError
from tasks.process import own_variables
from tasks.settings import prefect_defaults


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Return its exit code: 0 well, 1 not, 2 a configuration or call that cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A console may not have every character; what it lacks must not end the program.
            stream.reconfigure(errors="replace")
            if sys.platform == "win32" and not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding="utf-8")  # as elsewhere, and not the code page of a console
    words, as_json = json_behind_command(sys.argv[1:] if argv is None else argv)
    try:
        call = commands.parse(words)
        if isinstance(call, int):
            return call
        signals.handle(_interrupt, "SIGTERM")
        # The server's analytics are off in prefect.toml; this keeps the client from announcing its own.
        own_variables.note_coerced_locale()
        own_variables.set_default({"DO_NOT_TRACK": "1"})
        prefect_defaults.apply()  # before Prefect is imported, which reads its settings then
        return call()
    except click.UsageError as error:
        return _bad_call(error, as_json=as_json)
    except ConfigError as error:
        _report([str(problem) for problem in error.problems], as_json=as_json, **error.to_json())
        return 2
    except CommandError as error:
        _report([str(error)], as_json=as_json)
        return 1
    except ModuleNotFoundError as error:
        if not (extra := extras.extra_of(error)):
            raise
        _report([f"{error.name} is not installed. {extras.remedy(extra)}"], as_json=as_json)
        return 2
    except BrokenPipeError:  # whoever reads our output has had enough, as `head` has after ten lines
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130


def _bad_call(error: click.UsageError, *, as_json: bool) -> int:
    """Report a call that cannot be used, after how to call. Return 2."""
    message = error.format_message()
    if error.ctx:
        called = error.ctx.command_path
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            shown = message
            message = "Missing command." if error.ctx.parent is None else "Missing arguments."
        else:
            shown, message = error.ctx.get_usage(), f"{message} See `{called} --help`."
        print(shown, file=sys.stderr)
    _report([message], as_json=as_json)
    return 2


def _report(messages: Sequence[str], *, as_json: bool, **more: Any) -> None:
    """Print errors for people and, if asked for, as the command's one object."""
    for message in messages:
        console.error(message)
    if as_json:
        console.show_json({"error": "\n".join(messages), **more})


def _interrupt(number: int, frame: object) -> None:
    """End at SIGTERM as at Ctrl-C: in order, with nothing left running."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
