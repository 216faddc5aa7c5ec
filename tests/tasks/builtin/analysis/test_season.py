"""What is usual at an hour of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tasks.builtin.analysis.season import DAYS, LEAST_DAYS, LEAST_WEEKS, Season

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)


def learn(season: Season, days: int, at_three: float, first: int = 0) -> None:
    for hours in range(24 * first, 24 * (first + days)):
        for minutes in (0, 20, 40):
            season.add(
                MIDNIGHT + timedelta(hours=hours, minutes=minutes), at_three if hours % 24 == 3 else 0.0
            )


def test_an_hour_is_known_after_some_days() -> None:
    season = Season()
    learn(season, LEAST_DAYS - 1, 5.0)
    assert season.usual(MIDNIGHT.replace(hour=3), 0.0) == 0.0
    learn(season, 1, 5.0, first=LEAST_DAYS - 1)
    assert season.usual(MIDNIGHT.replace(hour=3, minute=59), 5.0) == 5.0
    assert season.usual(MIDNIGHT.replace(hour=4), 0.0) == 0.0


def test_one_bad_day_is_not_usual_and_a_new_habit_is_within_a_week() -> None:
    season = Season()
    learn(season, DAYS, 5.0)
    learn(season, 1, 100.0, first=DAYS)
    assert season.usual(MIDNIGHT.replace(hour=3), 0.0) == 5.0
    learn(season, DAYS // 2 + 1, 20.0, first=DAYS + 1)
    assert season.usual(MIDNIGHT.replace(hour=3), 20.0) == 20.0


def test_the_same_hour_of_two_days_is_two_hours() -> None:
    season = Season()
    for day in range(LEAST_DAYS + 1):  # asked once a day
        season.add(MIDNIGHT + timedelta(days=day), 7.0)
    assert season.usual(MIDNIGHT, 0.0) == 7.0


def test_an_hour_of_the_week_is_known_after_three_and_the_nearer_explanation_counts() -> None:
    season = Season()
    for day in range(7 * LEAST_WEEKS + 1):
        for hour in range(24):
            at = MIDNIGHT + timedelta(days=day, hours=hour)
            season.add(at, 9.0 if at.weekday() == MIDNIGHT.weekday() and hour == 3 else 0.0)
    same = MIDNIGHT.replace(hour=3) + timedelta(weeks=LEAST_WEEKS)
    assert season.usual(same, 8.0) == 9.0
    assert season.usual(same, 1.0) == 0.0  # as on the other days: that is usual as well
    assert season.usual(same + timedelta(days=1), 8.0) == 0.0
