"""How well slow steps are found in made durations: calm ones, and the same with something planted in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.episodes import spikes
from tasks.builtin.analysis.series import DURATION, Series, Subject

DAY = timedelta(days=1)
#: How often a step runs, and of how many days there are values.
CADENCES = {
    "10 min": (timedelta(minutes=10), 28),
    "1 h": (timedelta(hours=1), 28),
    "6 h": (timedelta(hours=6), 28),
    "1 day": (DAY, 28),
}
_VALUES = 20_000  # calm ones of each kind
_TRIES = 40
_USUAL = 30.0  # seconds

Calm = Callable[[Random], float]
CALM: Mapping[str, Calm] = {
    "log-normal, sigma 0.1": lambda dice: dice.lognormvariate(0, 0.1),
    "log-normal, sigma 0.5": lambda dice: dice.lognormvariate(0, 0.5),
    "log-normal, sigma 1": lambda dice: dice.lognormvariate(0, 1),
    "tail as x^-3": lambda dice: dice.paretovariate(3),
    "one in ten three times as long": lambda dice: dice.lognormvariate(0, 0.2) * dice.choice([1] * 9 + [3]),
    "one in 33 five times as long": lambda dice: dice.lognormvariate(0, 0.2) * dice.choice([1] * 32 + [5]),
}
#: What is planted: given how many values a day has and how long ago it began (in values; negative: before),
#: by how much it is longer.
PLANTED: Mapping[str, Callable[[int, int], float]] = {
    "one, five times": lambda day, since: 5 if since == 0 else 1,
    "twice for a day": lambda day, since: 2 if 0 <= since < day else 1,
    "half as long again from then on": lambda day, since: 1.5 if since >= 0 else 1,
    "half as long from then on": lambda day, since: 0.5 if since >= 0 else 1,
}
_SIGMAS = (0.05, 0.1, 0.2, 0.3)
_AGO = 7 * DAY  # that is when it is planted


def run(quick: bool) -> None:
    """Measure and print."""
    print("Made durations. Calm: alerts per 1,000 values\n")
    print(f"{'':34}" + "".join(f"{cadence:>9}" for cadence in CADENCES))
    for name, calm in CALM.items():
        print(f"{name:34}" + "".join(f"{_calm(calm, *each, quick):9.2f}" for each in CADENCES.values()))
    print("\nPlanted a week ago: found, in % of tries; log-normal of these sigmas\n")
    print(f"{'':44}" + "".join(f"{sigma:>6}" for sigma in _SIGMAS))
    for name, planted in PLANTED.items():
        for cadence, each in CADENCES.items():
            found = (_found(planted, sigma, *each, quick) for sigma in _SIGMAS)
            print(f"{name:34}{cadence:>10}" + "".join(f"{share:6.0%}" for share in found))
    print()


def _calm(calm: Calm, every: timedelta, days: int, quick: bool) -> float:
    count = days * DAY // every
    tries = max(1, _VALUES // count // (10 if quick else 1))
    alerts = sum(
        len(_alerts([_USUAL * calm(dice) for _ in range(count)], every))
        for dice in (Random(number) for number in range(tries))
    )
    return 1000 * alerts / tries / count


def _found(
    planted: Callable[[int, int], float], sigma: float, every: timedelta, days: int, quick: bool
) -> float:
    """Return the part of tries in which there is an alert since it was planted, within its day or a week."""
    count, day = days * DAY // every, DAY // every
    place = count - _AGO // every
    tries = _TRIES // (10 if quick else 1)
    until = place + (day if planted(day, day) == 1 else count)
    found = 0
    for number in range(tries):
        dice = Random(number)
        values = [
            _USUAL * dice.lognormvariate(0, sigma) * planted(day, index - place) for index in range(count)
        ]
        found += any(place <= index < until for index in _alerts(values, every))
    return found / tries


def _alerts(values: Sequence[float], every: timedelta) -> list[int]:
    began = datetime(2026, 1, 5, 3, tzinfo=UTC)
    series = Series(
        Subject("a step", "step/a/step", DURATION),
        [(began + number * every, value) for number, value in enumerate(values)],
    )
    return [(each.at - began) // every for each in spikes(series, ZoneInfo("UTC")) if each.is_news]
