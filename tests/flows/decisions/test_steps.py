"""Within a group: which step may still run, and how the group's run ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.decisions.steps import GroupRun, concluded, not_run
from tasks.outcome import Outcome, StepResult
from tasks.settings.groups import GroupSettings

OK, FAILED, TIMED_OUT, SKIPPED, CANCELLED = (
    Outcome.COMPLETED,
    Outcome.FAILED,
    Outcome.TIMED_OUT,
    Outcome.SKIPPED,
    Outcome.CANCELLED,
)


def group(*optional: bool, on_failure: str = "continue") -> GroupSettings:
    """A group with a step for each value, which says whether the step is optional."""
    steps = [
        {"run": "check_health", "name": f"step_{number}", "optional": value}
        for number, value in enumerate(optional)
    ]
    return GroupSettings.model_validate({"every": "1h", "steps": steps, "on_failure": on_failure})


def run(group: GroupSettings, *outcomes: Outcome) -> GroupRun:
    """Run the group's steps, of which each that may run ends as it is asked to."""
    results: list[StepResult] = []
    for step, outcome in zip(group.steps, outcomes, strict=True):
        result = not_run(group, results)
        results.append(result or StepResult(step.name, outcome, 1.0, f"says {outcome}"))
    return concluded(group, results, 7.0)


@pytest.mark.parametrize(
    ("on_failure", "first", "optional", "second", "outcome"),
    [
        ("continue", OK, False, OK, OK),
        ("continue", FAILED, False, OK, FAILED),
        ("continue", FAILED, True, OK, OK),
        ("continue", SKIPPED, False, OK, OK),
        ("continue", CANCELLED, True, SKIPPED, CANCELLED),
        ("stop", OK, False, OK, OK),
        ("stop", FAILED, False, SKIPPED, FAILED),
        ("stop", TIMED_OUT, False, SKIPPED, FAILED),
        ("stop", FAILED, True, OK, OK),
        ("stop", SKIPPED, False, OK, OK),
        ("stop", CANCELLED, False, SKIPPED, CANCELLED),
    ],
)
def test_what_a_step_leaves_to_the_next_one_and_to_its_group(
    on_failure: str, first: Outcome, optional: bool, second: Outcome, outcome: Outcome
) -> None:
    found = run(group(optional, False, on_failure=on_failure), first, OK)

    assert [result.outcome for result in found.steps] == [first, second]
    assert (found.outcome, found.seconds) == (outcome, 7.0)


def test_a_step_that_is_not_run_names_the_one_that_kept_it_from_it() -> None:
    found = run(group(False, False, False, on_failure="stop"), TIMED_OUT, OK, OK)

    assert [result.message for result in found.steps[1:]] == ["not run: step_0 timed_out"] * 2
    assert not any(result.was_reached for result in found.steps[1:])


def test_the_message_has_what_failed_or_else_everything() -> None:
    both = group(False, False)

    assert run(both, OK, FAILED).message == "step_1: says failed"
    assert run(both, OK, OK).message == "step_0: says completed; step_1: says completed"
    assert concluded(both, [StepResult("step_0", OK, 1.0)], 1.0).message == "step_0: completed"


def test_a_group_whose_scripts_skip_themselves_has_run_and_one_without_anything_to_run_has_not() -> None:
    both = group(False, False)
    missing = StepResult("step_0", SKIPPED, 1.0, "there is no a.py")
    itself = StepResult("step_1", SKIPPED, 1.0, "exit code 75", 75)

    assert concluded(both, [missing, missing], 1.0).outcome is SKIPPED
    assert concluded(both, [missing, itself], 1.0).outcome is OK


def test_a_warning_is_its_groups_unless_that_failed() -> None:
    both = group(False, False)
    warns = StepResult("step_0", OK, 1.0, "exit code 24: vanished\nmore", 24, has_warning=True)

    found = concluded(both, [warns, StepResult("step_1", OK, 1.0, "fine", 0)], 1.0)
    assert (found.outcome, found.has_warning, found.fault) == (OK, True, "step_0: exit code 24: vanished")

    found = concluded(both, [warns, StepResult("step_1", FAILED, 1.0, "exit code 1: no\nmore", 1)], 1.0)
    assert (found.outcome, found.has_warning, found.fault) == (FAILED, False, "step_1: exit code 1: no")


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.booleans()), min_size=1, max_size=6), st.data())
def test_every_step_has_one_result_and_nothing_runs_after_a_cancelled_one(
    steps: list[tuple[Outcome, bool]], data: st.DataObject
) -> None:
    on_failure = data.draw(st.sampled_from(["continue", "stop"]))

    found = run(
        group(*(optional for _, optional in steps), on_failure=on_failure), *(outcome for outcome, _ in steps)
    )

    assert len(found.steps) == len(steps)
    cancelled = [index for index, result in enumerate(found.steps) if result.outcome is CANCELLED]
    assert len(cancelled) <= 1
    assert not any(result.was_reached for index in cancelled for result in found.steps[index + 1 :])
    assert (found.outcome is CANCELLED) == bool(cancelled)
