"""Writes the day's briefing: what ran, failed and waited, how the services and the machine did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.analysis.briefing import Briefing
from tasks.analysis.digest import figure_digest, groups_digest, services_digest
from tasks.arguments import positive
from tasks.atomic_file import write_text
from tasks.builtin.contract import Context, Events, Parser
from tasks.measurements import CPU, MEMORY
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tasks.store import StoreError, store_of

_FOLDER = "briefings"
_LONGEST_HOURS = 90 * 24  # as long as Prefect and the store remember
_FIGURES = {"CPU": CPU, "memory": MEMORY}


def brief(settings: Settings, now: datetime, events: Events, *, hours: float) -> Briefing:
    """Return the briefing of the last `hours`. A source that cannot be reached is one of its faults."""
    since = now.astimezone(UTC) - timedelta(hours=hours)
    groups = services = machine = None
    faults = []
    try:
        groups = groups_digest(events(since), settings.order)
    except ConnectionError as error:
        faults.append(f"the history could not be reached: {error}")
    try:
        with store_of(settings) as store:
            services = services_digest(store.probes(None, since))
            figures = [figure_digest(what, store.samples(name, since)) for what, name in _FIGURES.items()]
            machine = tuple(figure for figure in figures if figure)
    except StoreError as error:
        faults.append(f"the measurements could not be read: {error}")
    return Briefing(now, hours, settings.zone, groups, services, machine, tuple(faults))


def path_of(briefing: Briefing, settings: Settings) -> Path:
    """Return where the briefing belongs: one file a day, of the settings' time zone."""
    return settings.outputs_dir / _FOLDER / f"{briefing.at.astimezone(briefing.zone):%Y-%m-%d}.md"


def main(argv: Sequence[str], context: Context) -> str:
    """Gather, write, and with --print log the briefing."""
    parser = Parser("generate_daily_briefing", "Writes what ran, failed and waited, and why.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    parser.add_argument("--print", action="store_true", dest="prints", help="log the briefing as well")
    options = parser.parse_args(argv)

    briefing = brief(context.settings, context.now(), context.events, hours=options.hours)
    text, path = briefing.to_markdown(), path_of(briefing, context.settings)
    try:
        write_text(path, text)
    except OSError as error:
        raise StepFailedError(
            f"{path} cannot be written ({error.strerror}). Make its folder writable, or name another "
            "outputs_dir in rhythm.toml."
        ) from error
    if options.prints:
        context.log.info("%s", text)
    context.log.info("the briefing is in %s", path)
    for clause in briefing.attention:
        context.log.warning("%s", clause)
    return briefing.summary
