"""Every use of Prefect's insides, and how each stands with the Prefect that is installed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deployments.prefect_internals.background import BACKGROUND
from deployments.prefect_internals.console_text import CONSOLE_TEXT
from deployments.prefect_internals.drain import DRAIN
from deployments.prefect_internals.event_polling import EVENT_POLLING
from deployments.prefect_internals.in_process import IN_PROCESS
from deployments.prefect_internals.internal import Internal
from deployments.prefect_internals.local_settings import LOCAL_SETTINGS
from deployments.prefect_internals.log_batches import LOG_BATCHES
from deployments.prefect_internals.runner_storage import RUNNER_STORAGE
from deployments.prefect_internals.separate_process import SEPARATE_PROCESS
from deployments.prefect_internals.suspension import SUSPENSION
from deployments.prefect_internals.timezones import TIMEZONES
from deployments.prefect_internals.transactions import TRANSACTIONS
from deployments.prefect_internals.worker_environment import WORKER_ENVIRONMENT

INTERNALS: tuple[Internal, ...] = (
    BACKGROUND,
    TRANSACTIONS,
    TIMEZONES,
    LOCAL_SETTINGS,
    WORKER_ENVIRONMENT,
    EVENT_POLLING,
    IN_PROCESS,
    SUSPENSION,
    SEPARATE_PROCESS,
    RUNNER_STORAGE,
    LOG_BATCHES,
    CONSOLE_TEXT,
    DRAIN,
)


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a use is in use, with the Prefect and the settings of this process."""

    internal: Internal
    unneeded: str
    """Why it is of no use here; "" if it is of use."""
    fault: str
    """What has changed in Prefect, so that it cannot be used; "" if nothing has."""

    @property
    def label(self) -> str:
        """As people read it."""
        reason = self.unneeded or self.fault
        return f"not in use: {reason}" if reason else "in use"

    def to_json(self) -> dict[str, Any]:
        """As `rhythm doctor --json` prints it."""
        it = self.internal
        return {
            "name": it.name,
            "in_use": not (self.unneeded or self.fault),
            "reason": self.unneeded or self.fault,
            "purpose": it.purpose,
            "gain": it.gain,
            "without": it.without,
            "upstream": it.upstream if it.upstream.startswith("https://") else "not reported",
        }


def statuses() -> list[Status]:
    """Look at all of them. To do so loads Prefect's server, which takes a second or two."""
    found = []
    for internal in INTERNALS:
        unneeded = internal.unneeded()
        found.append(Status(internal, unneeded, "" if unneeded else internal.fault()))
    return found
