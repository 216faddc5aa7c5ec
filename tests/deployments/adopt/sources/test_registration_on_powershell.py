"""What is read of a script is what a real PowerShell would register by it. Recorders are in recorder/."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployments.adopt.job import Job, Kind, Origin, Trigger
from deployments.adopt.sources import registration
from deployments.adopt.sources.text_encoding import decode
from tests import a_machine
from tests.deployments.adopt.sources import recorded
from tests.deployments.adopt.sources.recorded import Recorded

REGISTRATIONS = sorted(Path(__file__).with_name("registrations").glob("*.ps1"))
MACHINE = [
    *sorted((a_machine.FOLDER / "register").glob("*.ps1")),
    *sorted((a_machine.POWERSHELL / "register").glob("*.ps1")),
]
#: What a person would give: the reader takes a switch that registers as given.
PARAMETERS: dict[str, dict[str, Any]] = {
    "register_switch": {"Register": True},
    "mandatory_param": {"Script": "any.py"},
}
#: What the reader may leave open, by script: the names of the tasks.
UP_TO_THE_MACHINE = {
    "environment_paths": ["Tray"],
    "mandatory_param": ["Any script"],
    "register_from_config": ["AGI_Configured"],
    "schtasks_from_xml": ["From a file"],
    "switch_on_one_line": ["Unclear"],
    "unknowable": ["Asked Get-Random"],
    "unregistered_again": ["Perhaps"],
    "xml_from_a_file": ["Imported"],
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are real tasks that it would change")


@pytest.fixture(scope="module")
def real(pwsh: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, Recorded]:
    scripts = {path: PARAMETERS.get(path.stem, {}) for path in REGISTRATIONS + MACHINE}
    return recorded.run(scripts, tmp_path_factory.mktemp("recorded"), pwsh)


def compared(jobs: Iterable[Job]) -> list[Job]:
    """Return what jobs are, without where they stand, what their authors say of them, and in which order."""
    return [
        replace(
            job,
            source="",
            text="",
            switch=None,
            triggers=tuple(_compared(trigger) for trigger in job.triggers),
            differences=tuple(sorted(job.differences, key=str)),
        )
        for job in jobs
    ]


def _compared(trigger: Trigger) -> Trigger:
    """Without the day of a task that runs once, which a clock alone does not tell."""
    return replace(trigger, at=trigger.at and trigger.at[-5:]) if trigger.kind is Kind.ONCE else trigger


def is_up_to_the_machine(job: Job) -> bool:
    """Whether the reader says of a job that only running the script shows."""
    return any(doubt.startswith(("it depends on", "the value of")) for doubt in job.doubts)


@pytest.mark.parametrize("path", REGISTRATIONS + MACHINE, ids=lambda path: path.stem)
def test_what_is_read_is_what_powershell_registers(path: Path, real: Mapping[Path, Recorded]) -> None:
    found = registration.read(decode(path.read_bytes()), Origin(path.name, path.parent))

    unsure = {job.name for job in found.jobs if is_up_to_the_machine(job)}
    sure = [job for job in found.jobs if job.name not in unsure]
    assert compared(sure) == compared(job for job in real[path].jobs if job.name not in unsure)
    assert unsure or real[path].errors == []
    assert sorted(unsure) == UP_TO_THE_MACHINE.get(path.stem, [])
