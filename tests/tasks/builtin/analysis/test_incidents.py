"""What belongs together across series, what is named first, and what is alerted of once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.episodes import Episode, Trouble
from tasks.builtin.analysis.incidents import LAG, Incident, incidents, news
from tasks.builtin.analysis.series import DURATION, LATENCY, USE, WAIT, Subject

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BACKUP = Subject("nightly / backup.ps1", "step/nightly/backup.ps1", DURATION, "group/nightly")
NIGHTLY = Subject("nightly", "group/nightly", DURATION)
CPU = Subject("the CPU", "machine/cpu", USE)
LLM = Subject("llm", "endpoint/llm", LATENCY)
CHECK = Subject("health_check", "wait/health_check", WAIT)


def moved(
    of: Subject, start: float, end: float, *, before: float | None = None, is_news: bool = True
) -> Episode:
    """Minutes after noon; it was as usual ten minutes earlier, or `before`."""
    calm = NOON + timedelta(minutes=start - 10 if before is None else before)
    at, last = NOON + timedelta(minutes=start), NOON + timedelta(minutes=end)
    value, usual = {DURATION: (250.0, 40.0), LATENCY: (2.0, 0.1), USE: (92.0, 20.0), WAIT: (900.0, 5.0)}[
        of.measure
    ]
    return Episode(of, (Trouble(at, last, value, usual, calm, is_news),))


def named(found: list[Incident]) -> list[list[str]]:
    return [[member.of.address for member in each.members] for each in found]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_moves_together_is_one_incident_whose_first_is_named_first(order: tuple[int, ...]) -> None:
    given = [moved(BACKUP, 0, 20), moved(CPU, 5, 20), moved(LLM, 10, 30)]

    (found,) = incidents(given[place] for place in order)

    assert found.members == tuple(given)
    assert (found.start, found.end) == (NOON, NOON + timedelta(minutes=30))
    assert found.text == (
        "nightly / backup.ps1 took 4 min 10 s, usually 40 s; then the CPU was used to 92 %, usually 20 %; "
        "llm answered in 2,000 ms, usually 100 ms"
    )


def test_more_than_three_are_counted() -> None:
    given = [moved(BACKUP, 0, 20), moved(CPU, 5, 20), moved(CHECK, 6, 20), moved(LLM, 10, 30)]

    (found,) = incidents(given)

    assert found.text.endswith("; health_check began 15 min 00 s after it was due, usually 5.0 s; and 1 more")


@pytest.mark.parametrize(
    ("later", "together"),
    [
        pytest.param(moved(CPU, 49, 60, before=20), True, id="shortly after its end"),
        pytest.param(moved(CPU, 51, 60, before=20), False, id="long after its end"),
        pytest.param(moved(CPU, 19, 60, before=19), True, id="while it goes on"),
        pytest.param(moved(BACKUP, 30, 60), False, id="the same again"),
    ],
)
def test_what_begins_long_after_the_end_is_another_incident(later: Episode, together: bool) -> None:
    assert len(incidents([moved(BACKUP, 0, 20), later])) == (1 if together else 2)


@pytest.mark.parametrize(("before", "together"), [(29, True), (31, False)])
def test_a_slow_day_is_not_to_blame_for_what_was_well_on_it(before: float, together: bool) -> None:
    assert timedelta(minutes=30) == LAG

    found = incidents([moved(CPU, 0, 24 * 60), moved(LLM, 600, 610, before=before)])

    assert len(found) == (1 if together else 2)


def test_what_is_measured_once_a_day_joins_what_began_before_it_was() -> None:
    daily = moved(BACKUP, 600, 604, before=-1440)

    assert named(incidents([moved(CPU, 0, 700), daily])) == [["machine/cpu", "step/nightly/backup.ps1"]]


def test_a_group_is_not_named_beside_its_step() -> None:
    assert named(incidents([moved(NIGHTLY, 0, 20), moved(BACKUP, 1, 19), moved(CPU, 5, 19)])) == [
        ["step/nightly/backup.ps1", "machine/cpu"]
    ]


def test_a_group_alone_is_named() -> None:
    assert named(incidents([moved(NIGHTLY, 0, 20)])) == [["group/nightly"]]


def test_an_incident_is_one_alert_whatever_joins_it_later() -> None:
    first = incidents([moved(BACKUP, 0, 20)])
    fresh, until = news(first, {})
    assert fresh == first

    joined = incidents([moved(BACKUP, 0, 20), moved(LLM, 10, 60)])
    fresh, until = news(joined, until)
    assert fresh == []
    assert until == {"step/nightly/backup.ps1": NOON, "endpoint/llm": NOON + timedelta(minutes=10)}


def test_five_series_are_one_alert_and_another_incident_is_another() -> None:
    together = [moved(of, minute, 40) for minute, of in enumerate((BACKUP, CPU, LLM, CHECK))]
    later = [moved(CPU, 13 * 60, 13 * 60 + 10)]

    fresh, _ = news(incidents([*together, *later]), {})

    assert [each.first.of for each in fresh] == [BACKUP, CPU]


def test_an_incident_without_news_is_none() -> None:
    (found,) = incidents([moved(CPU, 0, 5, is_news=False)])

    assert found.alert is None
    assert news([found], {}) == ([], {})


episode = st.builds(
    lambda of, start, lasts, calm: moved(of, start, start + lasts, before=start - calm),
    st.sampled_from([BACKUP, CPU, LLM, CHECK]),
    st.integers(0, 3000),
    st.integers(0, 300),
    st.integers(1, 3000),
)


@given(st.lists(episode, max_size=20))
def test_each_episode_is_in_one_incident_and_no_subject_twice_in_one(given: list[Episode]) -> None:
    found = incidents(given)

    members = [member for each in found for member in each.members]
    assert sorted(members, key=id) == sorted(given, key=id)
    for each in found:
        assert len({member.of for member in each.members}) == len(each.members)
        assert [member.start for member in each.members] == sorted(member.start for member in each.members)


@given(st.lists(episode, max_size=20))
def test_what_was_alerted_of_is_not_alerted_of_again(given: list[Episode]) -> None:
    found = incidents(given)
    _, until = news(found, {})

    fresh, again = news(found, until)

    assert fresh == []
    assert again == until
