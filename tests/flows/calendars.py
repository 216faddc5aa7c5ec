"""Calendars of every kind, at random, as rhythm.toml writes them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 5, 15, 30, 45, 59]))
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_NTH = [f"{nth} {day}" for nth in ("first", "second", "third", "fourth", "last") for day in _WEEKDAYS]
days = st.one_of(
    st.sampled_from(["weekdays", "weekends"]),
    st.lists(
        st.sampled_from([*_WEEKDAYS, *_NTH, "last", *range(1, 32)]), min_size=1, max_size=3, unique=True
    ),
)
intervals = st.one_of(
    st.integers(1, 3 * 24 * 60).map("{}m".format), st.sampled_from(["5m", "10m", "30m", "1h", "6h", "1d"])
)
daily = st.one_of(
    st.builds(lambda every: {"every": every}, intervals),
    st.builds(lambda at: {"at": at}, times),
    st.builds(lambda at: {"at": at}, st.lists(times, min_size=1, max_size=4)),
)
_MINUTES = ["0", "30", "*/10", "15,45", "*/7"]
_HOURS = ["*", "3", "0", "1-4", "*/3", "23"]
crons = st.builds(
    lambda *fields: {"cron": " ".join(fields)},
    st.sampled_from(_MINUTES),
    st.sampled_from(_HOURS),
    st.sampled_from(["*", "*", "1", "13", "28-31", "L"]),
    st.sampled_from(["*", "*", "2", "3,10", "*/5"]),
    st.sampled_from(["*", "*", "1-5", "sun", "5L"]),
)
_ANCHORS = ["2026-11-30T07:00", "2024-02-29T02:30", "2020-01-31T00:00", "2016-05-01T23:59"]
counted = st.builds(
    lambda every, anchor: {"every": every, **({"from": anchor} if anchor else {})},
    st.sampled_from(["1w", "2w", "3d", "10d", "36h", "1 month", "3 months", "1 year"]),
    st.sampled_from([None, *_ANCHORS]),
)
hours = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]).map(list)


def _within(every: str, between: list[str], on: Any) -> dict[str, Any]:
    return {"every": every, "between": between, **({"days": on} if on else {})}


within = st.builds(
    _within, st.sampled_from(["5m", "25m", "1h", "7h", "1d"]), hours, st.one_of(st.none(), days)
)
on_days = st.builds(lambda table, on: {**table, "days": on}, daily, days)
_EXCEPTIONS = ["2026-12-24..2027-01-01", "2020-03-01", "2024-01-01..2024-12-31", "2019-10-06"]
exceptions = st.lists(st.sampled_from(_EXCEPTIONS), min_size=1, max_size=3)

#: Tables without steps. Days that hardly ever are together with an interval that hardly ever is are left out.
calendars = st.builds(
    lambda table, but: {**table, **({"except": but} if but else {})},
    st.one_of(daily, on_days, crons, counted, within),
    st.one_of(st.none(), st.none(), exceptions),
)
