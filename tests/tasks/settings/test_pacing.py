"""`[pacing]` and `wait_at_most`: what is refused, and who waits at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasks.problem import ConfigError
from tasks.settings.rhythm_toml import Settings

MakeSettings = Callable[[str], Settings]
A = '\n[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'


@pytest.mark.parametrize(
    ("keys", "is_paced"),
    [
        ("", False),
        ('priority = "low"', True),
        ('priority = "critical"', False),
        ('wait_at_most = "5m"', True),
        ('priority = "normal"\nwait_at_most = "5m"', True),
    ],
)
def test_a_group_waits_for_a_quieter_beat_if_its_priority_is_low_or_it_says_how_long(
    make_settings: MakeSettings, keys: str, is_paced: bool
) -> None:
    assert make_settings(A + keys).groups["a"].is_paced is is_paced


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (A + 'priority = "critical"\nwait_at_most = "5m"', "groups.a.wait_at_most", "never waits"),
        ("[pacing]\nbusy_above = 50\nfree_below = 55" + A, "pacing.free_below", "is above busy_above, 50"),
        ("[pacing]\nbusy_above = 101" + A, "pacing.busy_above", "100"),
        ('[pacing]\nmemory_below = "5 apples"' + A, "pacing.memory_below", "is not a size"),
        ("[pacing]\nbusy = 50" + A, "pacing.busy", "unknown key"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(
    make_settings: MakeSettings, text: str, key: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        make_settings(text)

    assert key in str(refused.value)
    assert problem in str(refused.value)


def test_nobody_is_deferred_for_the_cpu_with_busy_above_0(make_settings: MakeSettings) -> None:
    assert make_settings("[pacing]\nbusy_above = 0" + A).pacing.busy_above == 0


def test_a_lower_busy_above_alone_is_also_where_it_runs_again(make_settings: MakeSettings) -> None:
    assert make_settings("[pacing]\nbusy_above = 50" + A).pacing.free == 50
