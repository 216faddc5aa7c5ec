"""rhythm.toml keeps what is in it when steps are put in."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.judging.five_groups import FIVE_GROUPS, TargetGroup
from deployments.adopt.writing.rhythm_file import RhythmFile
from tasks.problem import ConfigError
from tests.deployments.command_line import PROJECT

SHIPPED = (PROJECT / "rhythm.toml").read_text(encoding="utf-8")


def file(text: str | None = None) -> RhythmFile:
    return RhythmFile(Path("rhythm.toml"), text)


def test_a_new_file_has_its_keys_above_its_groups() -> None:
    made = file()
    made.add_group(FIVE_GROUPS[0], None)
    made.add_steps(
        "health_check", [("a.py", "A, every 5 min"), ({"run": ["b.py", "x y"], "timeout": "5m"}, "")]
    )
    made.set("scripts_dir", "C:/agi")
    made.adopt({"AGI\\A": "health_check"})

    assert tomllib.loads(made.text) == {
        "scripts_dir": "C:/agi",
        "groups": {
            "health_check": {
                "every": "10m",
                "priority": "critical",
                "steps": ["a.py", {"run": ["b.py", "x y"], "timeout": "5m"}],
            }
        },
        "adopted": {"AGI\\A": "health_check"},
    }
    assert '"a.py", # A, every 5 min\n' in made.text


def test_what_stands_in_a_file_stays_as_it_is() -> None:
    made = file(SHIPPED)
    made.set("scripts_dir", "/srv/agi")
    made.add_steps("event_analysis", [("mine.py", "")])

    lines = made.text.splitlines()

    lost = [line for line in SHIPPED.splitlines() if line not in lines]
    assert lost == [
        'steps = ["analyze_latency_spikes", "analyze_replan_patterns"]'
    ]  # on lines of their own by now
    assert tomllib.loads(made.text)["groups"]["event_analysis"]["steps"][-1] == "mine.py"
    assert tomllib.loads(made.text)["scripts_dir"] == "/srv/agi"
    assert made.validate().groups["event_analysis"].steps[-1].name == "mine"


def test_a_key_that_is_there_is_changed_in_its_place() -> None:
    made = file('# mine\nscripts_dir = "a" # here\n[groups.a]\nevery = "1m"\nsteps = ["x.py"]\n')

    made.set("scripts_dir", "b")

    assert made.text.startswith('# mine\nscripts_dir = "b"')


def test_steps_are_reported_with_their_words_and_names() -> None:
    steps = """["x.py -a 'b c'", { run = ["y.py"], name = "why" }, ["z.py", "1"]]"""
    made = file(f'[groups.a]\nevery = "1m"\nsteps = {steps}\n')

    assert list(made.steps()) == [
        ("a", 0, ("x.py", "-a", "b c"), "x"),
        ("a", 1, ("y.py",), "why"),
        ("a", 2, ("z.py", "1"), "z"),
    ]


def test_a_group_goes_with_its_last_step_and_no_one_waits_for_it_any_more() -> None:
    second = '[groups.b]\nevery = "1m"\nafter = ["a"]\nsteps = ["y.py"]\n'
    made = file(f'[groups.a]\nevery = "1m"\nsteps = ["x.py"]\n{second}')

    assert made.remove_step("a", 0) == "x.py"

    assert tomllib.loads(made.text)["groups"] == {"b": {"every": "1m", "after": [], "steps": ["y.py"]}}
    made.validate()


def test_a_group_can_be_added_to_a_file_that_was_written_before() -> None:
    made = file()
    made.add_group(FIVE_GROUPS[0], None)
    made.add_steps("health_check", [("a.py", "")])
    made.adopt({"A": "health_check"})
    again = file(made.text)
    again.add_group(TargetGroup("weekly", 7 * 1440), None)
    again.add_steps("weekly", [("w.py", "W")])

    assert again.validate().groups["weekly"].every is not None
    assert list(again.validate().adopted) == ["A"]


def test_an_invalid_file_is_reported_and_not_touched() -> None:
    with pytest.raises(ConfigError, match="is not valid TOML"):
        file("groups = [")
    with pytest.raises(ConfigError, match=r"groups\.a\.steps"):
        file('[groups.a]\nevery = "1m"\nsteps = ["nothing_known"]\n').validate()


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=4))
def test_any_arguments_and_names_come_back_as_they_were(texts: list[tuple[str, str]]) -> None:
    made = file()
    made.add_group(FIVE_GROUPS[0], None)
    steps = [
        ({"run": ["x.py", argument], "name": f"s{index}"}, name)
        for index, (argument, name) in enumerate(texts)
    ]

    made.add_steps("health_check", [(step, " ".join(name.split())) for step, name in steps])
    made.adopt({name: "health_check" for _, name in texts})

    read = tomllib.loads(made.text)
    assert read["groups"]["health_check"]["steps"] == [step for step, _ in steps]
    assert set(read["adopted"]) == {name for _, name in texts}
