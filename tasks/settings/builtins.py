"""What rhythm.toml may set for the built-in steps: thresholds, limits, and what may be ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.settings.duration import Duration
from tasks.settings.table import Table
from tasks.settings.user_path import UserPath

Percent = Annotated[float, Field(ge=0, le=100)]


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise PydanticCustomError(
            "pattern",
            "is not a valid regular expression ({reason})",
            {"reason": str(error), "remedy": r"Write one like 'worker\.py'."},
        ) from None
    return text


class Limits(Table):
    """Two limits of one figure, in percent of what there is."""

    warning: Percent = Field(default=90.0, description="From this percentage on, the step warns.")
    critical: Percent | None = Field(default=98.0, description="From this percentage on, the step fails.")

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
    """When `check_health` warns and when it fails. A busy CPU alone fails nothing."""

    cpu: Limits = Field(
        default=Limits(critical=None),
        description="Use of all cores together. Without this table, it only warns.",
        examples=[{"warning": 85}],
    )
    memory: Limits = Field(
        default=Limits(), description="Memory in use.", examples=[{"warning": 80, "critical": 95}]
    )
    disk: Limits = Field(
        default=Limits(), description="Each disk.", examples=[{"warning": 85, "critical": 97}]
    )


class BreakerSettings(Table):
    """When the circuit breaker of an endpoint opens, is tried again, and closes."""

    failures: int = Field(default=3, ge=1, le=1000, description="Failed probes in a row that open it.")
    reset: Duration = Field(
        default=timedelta(seconds=60),
        description="How long it stays open before it is tried again. Each failed try doubles it.",
    )
    successes: int = Field(
        default=2, ge=1, le=1000, description="Successful probes in a row that close it again."
    )
    reset_cap: Duration = Field(
        default=timedelta(minutes=15), description="The longest that `reset` grows to."
    )


class Target(Table):
    """Three limits of one figure for the health score, in percent, in rising order."""

    target: Percent = Field(description="Up to this percentage the figure costs no points.")
    warning: Percent = Field(description="At this percentage it costs a third of its points.")
    critical: Percent = Field(description="From this percentage on it costs all of its points.")

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
    """What the health score of `analyze_performance_trends` is measured against."""

    cpu: Target = Field(
        default=Target(target=35, warning=50, critical=70), description="Mean use of all cores together."
    )
    memory: Target = Field(
        default=Target(target=45, warning=60, critical=80), description="Mean memory in use."
    )


class RoutingSettings(Table):
    """When `adaptive_routing_optimizer` moves traffic to another endpoint."""

    availability: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="The share of probes, 0 to 1, that an endpoint must have answered.",
    )
    better_by: float = Field(
        default=0.2,
        ge=0,
        le=10,
        description="By what part the P95 latency of another endpoint must be lower: 0.2 is 20 %.",
    )
    hold: Duration = Field(
        default=timedelta(hours=1), description="The least time between two changes for the sake of speed."
    )


class CleanupRule(Table):
    """Processes that Rhythm has not started and may end. All conditions of a rule must hold."""

    command: Annotated[str, Field(min_length=3), AfterValidator(_regular_expression)] = Field(
        description="A regular expression of Python's, searched for in the whole command line.",
        examples=[r"agent_worker\.py"],
    )
    older_than: Duration = Field(description="The process has run for longer than this.", examples=["6h"])
    idle: Duration | None = Field(
        default=None,
        description="For this long it has used at most 1 % of one core. Without it, busy ones match.",
        examples=["1h"],
    )
    memory_mb: float | None = Field(
        default=None, gt=0, description="It has more resident memory than this, in MiB.", examples=[500]
    )


class CleanupSettings(Table):
    """What `cleanup_processes` may end."""

    dry_run: bool = Field(
        default=True, description="`true`: only report what would be ended. `false`: end it."
    )
    grace: Duration = Field(
        default=timedelta(seconds=5),
        description="How long a process has to end by itself before it is killed.",
    )
    match: tuple[CleanupRule, ...] = Field(default=(), description="The rules, each a table of its own.")


class ReplanSettings(Table):
    """What `analyze_replan_patterns` reads beside Rhythm's own measurements."""

    ledger: UserPath | None = Field(
        default=None,
        description="A file of events, one JSON object a line; relative to the folder of rhythm.toml.",
        examples=["logs/resonance_ledger.jsonl"],
    )
