"""From jobs to the steps of rhythm.toml: what is placed, kept, moved and left out."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.adopt.adoption import Adoption, adopt
from deployments.adopt.job import Job, Kind, Switch, Trigger
from deployments.adopt.judging.assignments import assignment
from deployments.adopt.judging.five_groups import SERVICE
from deployments.adopt.judging.placing import Known, Standing
from deployments.adopt.writing.rhythm_file import RhythmFile
from tasks.problem import ConfigError


def every(minutes: float) -> Trigger:
    return Trigger(Kind.INTERVAL, minutes)


DAILY = Trigger(Kind.DAILY, at="03:00")


def job(name: str, *triggers: Trigger, **more: Any) -> Job:
    fields: dict[str, Any] = {"script": f"/srv/agi/{name}.py", "triggers": triggers or (every(10),)} | more
    return Job("x", name, "python", **fields)


class Adopted:
    """One run of the command, without its reading and writing."""

    def __init__(
        self,
        jobs: Sequence[Job],
        text: str | None = None,
        *,
        assign: Sequence[str] = (),
        drop: Sequence[str] = (),
        missing: Sequence[str] = (),
    ) -> None:
        file = RhythmFile(Path("rhythm.toml"), text)
        before = file.validate() if text is not None else None
        assignments = [assignment(each, file.groups) for each in assign]
        known = Known(is_missing=lambda path: Path(path).name in missing)
        self.adoption: Adoption = adopt(jobs, file, before, known, assignments, drop)
        self.text = file.text
        self.file = file

    @property
    def steps(self) -> dict[str, list[Any]]:
        groups = tomllib.loads(self.text).get("groups", {})
        return {name: group["steps"] for name, group in groups.items()}

    def what(self, name: str) -> list[str]:
        return [
            difference.what
            for each in self.adoption.jobs
            if each.name == name
            for difference in each.differences
        ]


def test_jobs_become_the_steps_of_groups_that_come_after_one_another() -> None:
    found = Adopted(
        [job("watchdog"), job("cleanup", every(60)), job("morning", DAILY), job("spikes", every(120))]
    )

    assert found.steps == {
        "health_check": ["watchdog.py"],
        "system_maintenance": ["cleanup.py"],
        "daily_routine": ["morning.py"],
        "event_analysis": ["spikes.py"],
    }
    made = found.file.validate()
    assert made.order == ("health_check", "system_maintenance", "daily_routine", "event_analysis")
    assert made.groups["system_maintenance"].after == ("health_check",)  # performance_analysis has no steps
    assert tomllib.loads(found.text)["scripts_dir"] == "/srv/agi"
    assert not found.adoption.needs


def test_running_again_changes_nothing() -> None:
    jobs = [job("watchdog"), job("cleanup", every(60), args=("a b",)), job("server", Trigger(Kind.LOGON))]
    first = Adopted(jobs)

    assert Adopted(jobs, first.text).text == first.text
    assert [each.group for each in Adopted(jobs, first.text).adoption.jobs] == [
        "health_check",
        "system_maintenance",
        SERVICE,
    ]


def test_what_was_edited_stays_and_only_new_jobs_are_added() -> None:
    first = Adopted([job("watchdog"), job("cleanup", every(60)), job("purge", every(60))]).text
    edited = first.replace('"watchdog.py"', '{ run = "watchdog.py", timeout = "1m" }').replace(
        '  "cleanup.py", # cleanup, every 1 h\n', "  # not this one\n"
    )

    again = Adopted(
        [job("watchdog"), job("cleanup", every(60)), job("purge", every(60)), job("ping")], edited
    )

    assert again.steps == {
        "health_check": [{"run": "watchdog.py", "timeout": "1m"}, "ping.py"],
        "system_maintenance": ["purge.py"],
    }
    assert "# not this one" in again.text
    assert again.what("cleanup") == ["you have taken it out of rhythm.toml"]
    assert not again.adoption.needs


def test_a_step_that_was_moved_manually_stays_where_it_is() -> None:
    text = '[groups.mine]\nevery = "1h"\nsteps = ["watchdog.py"]\n[adopted]\nwatchdog = "health_check"\n'

    found = Adopted([job("watchdog")], text)

    assert found.text == text
    assert [each.group for each in found.adoption.jobs] == ["mine"]
    assert found.what("watchdog") == ["it ran every 10 min; here every 1 h, which is rarer"]


def test_a_step_whose_arguments_were_changed_manually_is_not_added_again() -> None:
    text = '[groups.mine]\nevery = "1h"\nsteps = ["watchdog.py --mine"]\n[adopted]\nwatchdog = "mine"\n'

    assert Adopted([job("watchdog", args=("--old",))], text).text == text


def test_the_users_word_wins_over_the_rules_and_the_file() -> None:
    jobs = [job("watchdog"), job("cleanup", every(60)), job("unclear", Trigger(Kind.LOGON))]
    first = Adopted(jobs, assign=["watchdog=event_analysis"], drop=["cleanup"])
    assert first.steps == {"event_analysis": ["watchdog.py"]}
    assert [each.name for each in first.adoption.needs] == ["unclear"]

    again = Adopted(jobs, first.text, assign=["watchdog=daily_routine", "unclear=service"])

    assert again.steps == {"daily_routine": ["watchdog.py"]}
    assert not again.adoption.needs
    assert again.what("cleanup") == ["you have dropped it"]
    assert Adopted(jobs, again.text).text == again.text


def test_a_job_can_have_a_group_of_its_own() -> None:
    found = Adopted([job("watchdog", every(5))], assign=["watchdog=fast@5m"])

    assert tomllib.loads(found.text)["groups"] == {"fast": {"every": "5m", "steps": ["watchdog.py"]}}
    assert found.what("watchdog") == []
    at = Adopted([job("morning", Trigger(Kind.DAILY, at="08:00"))], assign=["morning=early@08:00"])
    assert tomllib.loads(at.text)["groups"] == {"early": {"at": "08:00", "steps": ["morning.py"]}}
    assert at.what("morning") == []


@pytest.mark.parametrize(
    ("assign", "problem"),
    [
        ("nonsense", "is not NAME=GROUP"),
        ("watchdog=Health_chek", "is not NAME=GROUP"),
        ("watchdog=health_chek", "no such group: 'health_chek'. Did you mean 'health_check'?"),
        ("watchdog=new@often", "'often' is not an interval"),
        ("watchdog=beat@1h", "'beat' is a name of Rhythm's own"),
        ("nobody=health_check", "is not a job that was found"),
        ("Watch Dog=health_check", "is not a job that was found. Did you mean 'watchdog'?"),
    ],
)
def test_a_word_that_means_nothing_is_an_error(assign: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Adopted([job("watchdog")], assign=[assign])
    with pytest.raises(ConfigError, match="--drop nobody: is not a job"):
        Adopted([job("watchdog")], drop=["nobody"])


@pytest.mark.parametrize("name", ["AGI\\Llm Watch", "agi\\llm watch", "llm watch", "watchdog.py", "watchdog"])
def test_a_job_is_meant_by_its_name_its_last_part_or_its_script(name: str) -> None:
    found = Adopted([job("AGI\\Llm Watch", script="/srv/agi/watchdog.py"), job("ping")], drop=[name])

    assert found.steps == {"health_check": ["ping.py"]}


def test_registrations_of_the_same_script_are_one_step_with_all_triggers() -> None:
    twin = job("again", DAILY, script="/srv/agi/watchdog.py", switch=Switch("off", "on"))

    found = Adopted([job("watchdog"), twin, job("third", script="/srv/agi/watchdog.py", args=("-x",))])

    assert found.steps == {"health_check": ["watchdog.py", {"run": "watchdog.py -x", "name": "watchdog_2"}]}
    assert [each.name for each in found.adoption.jobs] == ["watchdog", "third"]
    assert any("registered twice: also as again" in what for what in found.what("watchdog"))
    assert [(each.name, into) for each, into in found.adoption.twins] == [("again", "watchdog")]


def test_what_is_disabled_over_or_never_set_off_is_left_and_reported() -> None:
    found = Adopted(
        [
            job("disabled", enabled=False),
            job("once", Trigger(Kind.ONCE, at="2025-01-01T03:00")),
            job("idle", triggers=()),
        ]
    )

    assert found.steps == {}
    standings = [each.standing for each in found.adoption.placed]
    assert standings == [Standing.DISABLED, Standing.OVER, Standing.IDLE]
    assert not found.adoption.needs


def test_what_cannot_be_known_needs_the_user_even_where_it_is_placed() -> None:
    unsure = job("watchdog", doubts=("the value of $x is not known here",))
    nothing = job("code", script=None, doubts=("it is PowerShell code",))

    found = Adopted([unsure, nothing])

    assert [each.name for each in found.adoption.needs] == ["watchdog", "code"]
    assert found.steps == {"health_check": ["watchdog.py"]}
    assert not Adopted([unsure], found.text, assign=["watchdog=health_check"]).adoption.needs


def test_a_script_that_is_not_there_is_an_optional_step_and_reported() -> None:
    found = Adopted([job("watchdog")], missing=["watchdog.py"])

    assert found.steps == {"health_check": [{"run": "watchdog.py", "optional": True}]}
    assert found.what("watchdog") == ["there is no /srv/agi/watchdog.py on this machine"]


def test_scripts_outside_of_the_folder_of_most_are_allowed() -> None:
    found = Adopted([job("a"), job("b"), job("ping", script="/opt/other/ping.sh")])

    made = tomllib.loads(found.text)
    assert (made["scripts_dir"], made["allow"]) == ("/srv/agi", ["/opt/other/ping.sh"])


@pytest.mark.parametrize(
    ("triggers", "reported"),
    [
        ((every(10),), []),
        ((every(5),), ["it ran every 5 min; here every 10 min, which is rarer"]),
        ((every(15),), ["it ran every 15 min; here every 10 min, which is more often"]),
        ((every(10), Trigger(Kind.LOGON)), ["it ran also at logon; here every 10 min"]),
        (
            (Trigger(Kind.INTERVAL, 10, delay_minutes=2),),
            ["it waited, or was spread at random; here steps take turns"],
        ),
        ((Trigger(Kind.EVENT),), ["it ran at event; here every 10 min"]),
    ],
)
def test_a_schedule_that_is_not_the_groups_is_a_loss(
    triggers: tuple[Trigger, ...], reported: list[str]
) -> None:
    found = Adopted([job("watchdog", *triggers)])

    assert found.what("watchdog") == reported
    assert all(difference.remedy for each in found.adoption.jobs for difference in each.differences)


_TRIGGERS = st.one_of(
    st.integers(1, 3000).map(lambda minutes: every(float(minutes))),
    st.sampled_from([DAILY, *(Trigger(kind) for kind in Kind if kind is not Kind.CRON)]),
)
_JOBS = st.lists(
    st.builds(
        job,
        st.text("abAB \\/.é", min_size=1, max_size=6),
        _TRIGGERS,
        script=st.sampled_from(
            [None, "/srv/agi/a.py", "/srv/agi/b.py", "/opt/c.sh", r"C:\x\y.ps1", "rel.py"]
        ),
        args=st.lists(st.sampled_from(["-x", "a b", "ü", '"']), max_size=2).map(tuple),
        enabled=st.booleans(),
        doubts=st.sampled_from([(), ("unclear",)]),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(_JOBS)
def test_whatever_is_found_the_file_is_valid_and_a_second_run_leaves_it_alone(jobs: list[Job]) -> None:
    first = Adopted(jobs)
    if not first.file.groups:
        return
    first.file.validate()

    again = Adopted(jobs, first.text)

    assert again.text == first.text
    assert [each.group for each in again.adoption.jobs] == [each.group for each in first.adoption.jobs]
    assert {each.name for each in again.adoption.needs} == {each.name for each in first.adoption.needs}


def test_what_may_run_for_longer_than_a_beat_in_a_group_that_others_wait_for_is_pointed_to_a_lane() -> None:
    jobs = [
        job("purge", every(60), time_limit_minutes=45.0),
        job("prune", every(60), time_limit_minutes=5.0),
        job("clean", every(60), time_limit_minutes=4320.0),
        job("event_ledger", every(120), time_limit_minutes=45.0),
    ]

    adopted = Adopted(jobs)

    reported = "it may run for 45 min, and other groups wait for its group meanwhile"
    assert [each.name for each in jobs if reported in adopted.what(each.name)] == ["purge"]
