"""`rhythm step`: one built-in step by hand, without Prefect."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from time import monotonic

from deployments import house, output
from flows import clock
from tasks import builtin
from tasks import settings as config
from tasks.builtin.contract import Context, HelpShown, built_in
from tasks.outcome import Outcome, StepFailedError, StepResult, unexpected
from tasks.problem import ConfigError, Problem
from tasks.redacted_log import RedactedLog
from tasks.redaction import redactor
from tasks.visible import visible


def run(args: argparse.Namespace) -> int:
    """Run the step, log on stderr, and print its summary. Return 0, or 1 if it failed.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such step.
    """
    if args.name not in builtin.NAMES:
        known = ", ".join(builtin.NAMES)
        raise ConfigError(
            [Problem("step", f"'{args.name}' is no built-in step", f"The built-in steps are {known}.")]
        )
    settings = config.load()
    if up := house.host(settings.outputs_dir):  # its API is the endpoint of a rhythm.toml without any
        os.environ.setdefault("PREFECT_API_URL", up.url)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every request
    redact = redactor(settings)
    log = RedactedLog(logging.getLogger(f"rhythm.{args.name}"), redact)
    context = Context(settings, log, now=lambda: clock.now().astimezone(settings.zone))
    began = monotonic()
    try:
        outcome, message = Outcome.COMPLETED, built_in(args.name).main(args.args, context)
    except HelpShown:
        return 0
    except StepFailedError as error:
        outcome, message = Outcome.FAILED, str(error)
    except Exception as error:
        log.exception("unexpected error")
        outcome, message = Outcome.FAILED, unexpected(error)
    result = StepResult(args.name, outcome, monotonic() - began, visible(redact(message)))
    if args.json:
        output.show_json(result.to_json())
    elif outcome is Outcome.COMPLETED:
        output.say(result.message)
    else:
        output.error(result.message)
    return 0 if outcome is Outcome.COMPLETED else 1
