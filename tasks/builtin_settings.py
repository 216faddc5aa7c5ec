"""What rhythm.toml may say about the built-in steps: thresholds, limits, and what may be ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.duration import Duration
from tasks.table import Table
from tasks.user_path import UserPath

Percent = Annotated[float, Field(ge=0, le=100)]


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise PydanticCustomError(
            "pattern",
            "is no regular expression ({reason})",
            {"reason": str(error), "remedy": r"Write one like 'worker\.py'."},
        ) from None
    return text


class Limits(Table):
    """Percentages: from `warning` on it is told, from `critical` on (if there is one) it fails the step."""

    warning: Percent = 90.0
    critical: Percent | None = 98.0

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.critical is not None and self.critical < self.warning:
            raise PydanticCustomError(
                "limits",
                "has critical below warning",
                {"key": "critical", "remedy": "Write a critical that is at least as high as warning."},
            )
        return self


class HealthSettings(Table):
    """`[health]`: when check_health warns and when it fails. A busy CPU alone fails nothing."""

    cpu: Limits = Limits(critical=None)
    memory: Limits = Limits()
    disk: Limits = Limits()


class BreakerSettings(Table):
    """`[breaker]`: when an endpoint's circuit opens, is tried again, and closes.

    It opens after `failures` in a row, is half-open after `reset`, and closes after `successes` in a
    row. Every failed try doubles the reset, up to `reset_cap`.
    """

    failures: int = Field(default=3, ge=1, le=1000)
    reset: Duration = timedelta(seconds=60)
    successes: int = Field(default=2, ge=1, le=1000)
    reset_cap: Duration = timedelta(minutes=15)


class Target(Table):
    """Percentages of a figure for the health score: fine up to `target`, then worse and worse."""

    target: Percent
    warning: Percent
    critical: Percent

    @model_validator(mode="after")
    def _in_order(self) -> Target:
        if not self.target < self.warning < self.critical:
            raise PydanticCustomError(
                "target",
                "needs target < warning < critical",
                {"remedy": "Write them in rising order: { target = 35, warning = 50, critical = 70 }."},
            )
        return self


class TrendSettings(Table):
    """`[trends]`: what the health score is measured against."""

    cpu: Target = Target(target=35, warning=50, critical=70)
    memory: Target = Target(target=45, warning=60, critical=80)


class RoutingSettings(Table):
    """`[routing]`: when traffic moves to another endpoint.

    Only endpoints that answered at least the part `availability` (0 to 1) are chosen. A better one must
    be faster by the part `better_by`, and the last change `hold` ago.
    """

    availability: float = Field(default=0.9, ge=0, le=1)
    better_by: float = Field(default=0.2, ge=0, le=10)
    hold: Duration = timedelta(hours=1)


class CleanupRule(Table):
    """`[[cleanup.match]]`: other people's processes that may be ended. All its conditions must hold.

    `command` is a regular expression, searched in the whole command line. `idle` is the time over which
    it has used no more than 1 % of one core.
    """

    command: Annotated[str, Field(min_length=3), AfterValidator(_regular_expression)]
    older_than: Duration
    idle: Duration | None = None
    memory_mb: float | None = Field(default=None, gt=0)


class CleanupSettings(Table):
    """`[cleanup]`: what cleanup_processes may end. `dry_run`, the default, only says what it would do."""

    dry_run: bool = True
    grace: Duration = timedelta(seconds=5)
    match: tuple[CleanupRule, ...] = ()


class ReplanSettings(Table):
    """`[replans]`: `ledger` is a file of events, one JSON object a line, to be analyzed as well."""

    ledger: UserPath | None = None
