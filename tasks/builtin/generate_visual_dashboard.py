"""Writes the dashboard: one HTML page that opens offline, with the day in charts and the trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from humanize import naturalsize

from tasks import report_file
from tasks.arguments import positive
from tasks.builtin.contract import Context, Parser, Report
from tasks.dashboard.data import Past, gather
from tasks.dashboard.essence import Essence, essence, span
from tasks.dashboard.library import bundling
from tasks.markdown import escaped
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tasks.store import StoreError, store_of

_FILE = "dashboard.html"
_LONGEST_HOURS = 3 * 24  # in more, no beat could be told from the next


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The page, and what it says at its top."""

    html: str
    past: Past
    top: Essence

    @property
    def covers(self) -> str:
        """What is in it, in a few words."""
        days = max(map(len, [*self.past.machine_days.values(), *self.past.endpoint_days.values()]), default=0)
        trends = f"trends of {days} {'day' if days == 1 else 'days'}" if days else "no trends yet"
        return f"the last {span(self.past)} and {trends}"


def dashboard(settings: Settings, now: datetime, *, hours: float) -> Dashboard:
    """Return the dashboard of the `hours` before `now`.

    Raises:
        StoreError: the measurements cannot be read.
        StepFailedError: the script that draws the charts cannot be made.
    """
    with bundling() as bundle:
        with store_of(settings) as store:
            past = gather(store, settings, now, hours=hours)
        from tasks.dashboard.page import page  # altair is slow to import: meanwhile, the script is made

        top = essence(past)
        return Dashboard(page(past, top, bundle()), past, top)


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
    told = f"**{level}**: {escaped(sentence)} The page covers {made.covers}."
    context.publish(Report(f"{told} Open it on the machine that wrote it.", "dashboard", path.as_uri()))
    context.publish(Report(f"## Dashboard\n\n{told} It is in {escaped(str(path))}."))
