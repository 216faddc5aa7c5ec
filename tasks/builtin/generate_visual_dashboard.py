"""Writes the dashboard: one HTML page that opens offline, with the day in charts and the trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from humanize import naturalsize

from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.builtin.dashboard.data import Past, gather
from tasks.builtin.dashboard.essence import Essence, essence, span
from tasks.builtin.dashboard.library import bundling
from tasks.files import report_file
from tasks.markdown import escaped
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.store import StoreError, store_of

_FILE = "dashboard.html"
#: Where the server of `rhythm up` has it, drawn anew: on whatever host Prefect's UI was opened.
SERVED = "/rhythm"
_LONGEST_HOURS = 3 * 24  # in more, beats could not be distinguished


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The page, and what it shows at its top."""

    html: str
    past: Past
    top: Essence

    @property
    def covers(self) -> str:
        """What is in it, in a few words."""
        days = max(map(len, [*self.past.machine_days.values(), *self.past.endpoint_days.values()]), default=0)
        trends = f"trends of {days} {'day' if days == 1 else 'days'}" if days else "no trends yet"
        return f"the last {span(self.past)} and {trends}"


def dashboard(settings: Settings, now: datetime, *, hours: float, is_served: bool = False) -> Dashboard:
    """Return the dashboard of the `hours` before `now`.

    One that is served by Prefect's own server (`is_served`) links to that server's pages.

    Raises:
        StoreError: the measurements cannot be read.
        StepFailedError: the script that draws the charts cannot be made.
    """
    with bundling() as bundle:
        with store_of(settings) as store:
            past = gather(store, settings, now, hours=hours)
        from tasks.builtin.dashboard.page import (
            page,  # altair is slow to import: meanwhile, the script is made
        )

        top = essence(past)
        return Dashboard(page(past, top, bundle(), is_served=is_served), past, top)


def main(argv: Sequence[str], context: Context) -> str:
    """Gather, draw, write, and leave a link to the page."""
    parser = Parser("generate_visual_dashboard", "Writes one HTML page with the day in charts.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    hours: float = parser.parse_args(argv).hours
    began, path = monotonic(), context.settings.outputs_dir / _FILE
    try:
        made = dashboard(context.settings, context.now(), hours=hours)
    except StoreError as error:
        raise StepFailedError(f"the measurements could not be read: {error}") from error
    report_file.write(path, made.html)
    for reason in made.top.attention:
        context.log.warning("%s", reason.text)
    context.log.info("open %s in a browser", path)
    _publish(context, made, path)
    size = naturalsize(len(made.html.encode()))
    return f"{path}: {size}, made in {monotonic() - began:.1f} s, {made.covers}"


def _publish(context: Context, made: Dashboard, path: Path) -> None:
    level, sentence = made.top.verdict.level, made.top.sentence
    found = f"**{level}**: {escaped(sentence)} The page covers {made.covers}."
    kept = f"As it was then, it is in {escaped(str(path))}."
    context.publish(Report(f"{found} {kept}", "dashboard", SERVED))
    context.publish(Report(f"## [Dashboard]({SERVED})\n\n{found} {kept}"))
