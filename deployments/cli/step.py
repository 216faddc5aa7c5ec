"""`rhythm step`: one built-in step, run manually, without Prefect."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from time import monotonic

from deployments.cli import console
from deployments.cli.arguments import step_summary
from deployments.cli.tables import Column, Kind, Table
from deployments.server import instance_lock
from flows import clock
from tasks import builtin
from tasks.builtin.contract import Context, HelpShown, StepUsageError, built_in
from tasks.outcome import Outcome, StepFailedError, StepResult, StepSkippedError, unexpected
from tasks.problem import ConfigError, Problem, alternatives
from tasks.process.own_variables import set_default
from tasks.redaction.redacted_log import RedactedLog
from tasks.redaction.redactor import redactor
from tasks.redaction.visible import visible
from tasks.settings import rhythm_toml as config

#: Of the list of steps.
COLUMNS = (Column("step", Kind.NAME), Column("what it does", Kind.TEXT))


def run(*, name: str | None, args: Sequence[str], json: bool) -> int:
    """Run the step, log on stderr, and print its summary. Return 0, or 1 if it failed.

    Without a name, list the steps.

    Raises:
        ConfigError: rhythm.toml or the step's arguments cannot be used, or there is no such step.
    """
    if name is None:
        return _list(json=json)
    if name not in builtin.NAMES:
        remedy = alternatives("built-in steps", name, builtin.NAMES)
        raise ConfigError([Problem("step", f"no such built-in step: '{name}'", remedy)])
    settings = config.load()
    # Its API is the endpoint of a rhythm.toml that names none.
    if up := instance_lock.running(settings.outputs_dir):
        set_default({"PREFECT_API_URL": up.url})
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every request
    redact = redactor(settings)
    log = RedactedLog(logging.getLogger(f"rhythm.{name}"), redact)
    context = Context(settings, log, now=lambda: clock.now().astimezone(settings.zone))
    began = monotonic()
    try:
        outcome, message = Outcome.COMPLETED, built_in(name).main(args, context)
    except HelpShown:
        return 0
    except StepUsageError as error:
        raise ConfigError(
            [Problem(f"step {name}", str(error), f"See `rhythm step {name} --help`.")]
        ) from None
    except StepSkippedError as error:
        outcome, message = Outcome.SKIPPED, str(error)
    except StepFailedError as error:
        outcome, message = Outcome.FAILED, str(error)
    except Exception as error:
        log.exception("unexpected error")
        outcome, message = Outcome.FAILED, unexpected(error)
    result = StepResult(name, outcome, monotonic() - began, visible(redact(message)))
    if json:
        console.show_json(result.to_json())
    elif outcome is Outcome.COMPLETED:
        console.say(result.message)
    else:
        console.error(result.message)
    return 0 if outcome is Outcome.COMPLETED else 1


def _list(*, json: bool) -> int:
    """Print the steps there are. Return 0."""
    steps = [(name, step_summary(name)) for name in builtin.NAMES]
    if json:
        console.show_json({"steps": [{"name": name, "summary": summary} for name, summary in steps]})
    else:
        console.show(Table(COLUMNS, steps))
        console.say("Run one: rhythm step NAME. Its arguments: rhythm step NAME --help")
    return 0
