"""What eats CPU, memory, disk and handles: now, since the last look, and steadily over hours.

Two looks a second apart show what is going on now. The last look is kept beside the store, and the
figures that `collect_system_metrics` keeps of the heaviest processes show which ones only ever grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep

from pydantic import AwareDatetime, BaseModel

from tasks.builtin.analysis.diagnosis import KINDS, Diagnosis, heaviest
from tasks.builtin.analysis.leaks import Leak, suspects
from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.builtin.machine.load import HANDLES_OF, MEMORY_OF, Load, Use, loads, sample_name, samples, uses
from tasks.files import atomic_file
from tasks.settings.rhythm_toml import Settings
from tasks.store.store import StoreError, store_of

_FILE = "diagnosis.json"
#: How many processes are watched for growth, and how many of each kind are logged.
_WATCHED, _LOGGED = 20, 3
_LONGEST_INTERVAL = 60.0
#: How far back growth is looked for, and below how much of it nobody cares: bytes, and handles.
_LOOK_BACK = timedelta(hours=24)
_LEAST_MEMORY, _LEAST_HANDLES = 20_000_000, 100


class _Look(BaseModel):
    """A look at all processes, as it is kept."""

    at: AwareDatetime
    loads: list[Load]


def diagnose(settings: Settings, now: datetime, *, interval: float) -> tuple[Diagnosis, list[Load]]:
    """Look twice, `interval` seconds apart; return what was found but for the growth, and the second look."""
    first = {load.key: load for load in loads()}
    began = monotonic()
    sleep(interval)
    second, seconds = loads(), monotonic() - began
    last = _last_look(settings)
    since: list[Use] = []
    if last and last.at < now:
        earlier = {load.key: load for load in last.loads}
        since = uses(second, earlier, (now - last.at).total_seconds())
    at = last.at if last else None
    return Diagnosis(now, tuple(uses(second, first, seconds)), at, tuple(since)), second


def with_growth(found: Diagnosis, look: Sequence[Load], settings: Settings) -> Diagnosis:
    """Return the diagnosis with the processes that only grow; those with most memory are looked at.

    Raises:
        StoreError: past figures cannot be read, or the new ones not be added.
    """
    heavy = sorted(look, key=lambda load: load.memory, reverse=True)[:_WATCHED]
    with store_of(settings) as store:
        store.add_samples(samples(heavy, found.at))

        def growing(kind: str, least: float) -> tuple[Leak, ...]:
            since = found.at - _LOOK_BACK
            series = [(str(load), store.samples(sample_name(kind, load), since)) for load in heavy]
            return tuple(suspects(series, least))

        return replace(
            found, memory=growing(MEMORY_OF, _LEAST_MEMORY), handles=growing(HANDLES_OF, _LEAST_HANDLES)
        )


def main(argv: Sequence[str], context: Context) -> str:
    """Look, report, and remember the look. What is found are warnings: it fails nothing."""
    parser = Parser("diagnose_performance", "What eats CPU, memory, disk and handles.")
    parser.add_argument(
        "--interval", type=positive(_LONGEST_INTERVAL), default=1.0, help="seconds between two looks (1)"
    )
    interval: float = parser.parse_args(argv).interval

    found, look = diagnose(context.settings, context.now(), interval=interval)
    try:
        found = with_growth(found, look, context.settings)
    except StoreError as error:
        context.log.warning("growth over hours could not be looked for: %s", error)
    for what, key, text in KINDS:
        for use in heaviest(found.now, key)[:_LOGGED]:
            context.log.info("%s: %s %s", what, use.load, text(use))
    if unreadable := sum(load.handles is None for load in look):
        context.log.info("the handles of %s of %s processes cannot be read", unreadable, len(look))
    for clause in found.suspicions:
        context.log.warning("%s", clause)
    _remember(_Look(at=found.at, loads=list(look)), context)
    context.publish(Report(found.to_markdown()))
    return found.summary


def _last_look(settings: Settings) -> _Look | None:
    """Return the last look; None if there is none, or half of one."""
    try:
        return _Look.model_validate_json((settings.outputs_dir / _FILE).read_bytes())
    except (OSError, ValueError):
        return None


def _remember(look: _Look, context: Context) -> None:
    try:
        atomic_file.write_text(context.settings.outputs_dir / _FILE, look.model_dump_json())
    except OSError as error:
        context.log.warning("this look is not remembered: %s", error.strerror)
