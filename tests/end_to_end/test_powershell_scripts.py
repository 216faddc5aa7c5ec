"""A machine of 42 scripts, many of them PowerShell: adopted, and run by one beat on a real PowerShell."""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.settings import rhythm_toml as config
from tests import a_machine
from tests.end_to_end.workspace import ORDER, Workspace

MISSING, FAILING, HANGING, CHILD = "check_health", "incident_correlation", "nightly_backup", "copy_everything"
LEVELS = {name: getattr(logging, name) for name in ("INFO", "WARNING", "ERROR")}


@dataclass
class Beaten:
    """What one beat of the adopted machine has left."""

    machine: Path
    adopted: dict[str, str]
    """Each script's group."""
    planned: list[str]
    """The steps as the adopted rhythm.toml has them, group after group."""
    steps: dict[str, dict[str, Any]]
    """Each step of the beat by its name."""
    diary: list[list[str]]
    """When who began or ended, as the scripts wrote it down: (time, who, what)."""
    logs: list[tuple[int, str]]
    """All that Prefect has: (level, line)."""
    reports: dict[str, str]
    """Each group's report."""


@pytest.fixture(scope="module")
def beaten(pwsh: Path, prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Beaten:
    root = tmp_path_factory.mktemp("powershell")
    shutil.copytree(prefect_home, root / "prefect")
    machine = a_machine.powershell_copied(root)
    workspace = Workspace(root)
    workspace.more = {
        "DATA": str(machine / "data"),
        "HOME": str(root),
        "PATH": os.pathsep.join([workspace.env["PATH"], str(pwsh)]),
    }
    adopted = workspace.rhythm("adopt", str(machine / "register"), "--json")
    assert adopted.returncode == 0, adopted.stdout + adopted.stderr
    with workspace.served("deployments.server.api_server"):
        beat = workspace.beat("--force", "daily_routine")  # whose time has not come yet
        artifacts = workspace.post("artifacts/latest/filter")
        logs = [
            (each["level"], each["message"])
            for offset in range(0, 1000, 200)
            for each in workspace.post("logs/filter", limit=200, offset=offset, sort="TIMESTAMP_ASC")
        ]
    groups = config.load(root / "rhythm.toml").groups
    lines = (machine / "data" / "diary.txt").read_text(encoding="utf-8").splitlines()
    return Beaten(
        machine,
        {Path(job["script"]).stem: job["group"] for job in json.loads(adopted.stdout)["jobs"]},
        [step.name for group in ORDER for step in groups[group].steps],
        {step["name"]: step for group in beat["groups"] for step in group["steps"]},
        [[at, *rest.rsplit(" ", 1)] for at, rest in (line.split(" ", 1) for line in lines)],
        logs,
        # The beat's own report is a table, names what failed as well, and may come first.
        {each["key"]: each["data"] for each in artifacts if each["type"] == "markdown"},
    )


def test_all_42_scripts_are_adopted_and_at_least_12_are_powershell(beaten: Beaten) -> None:
    scripts = {path.stem for path in (a_machine.POWERSHELL / "scripts").iterdir()} - {"diary", CHILD}

    assert sorted(beaten.adopted) == sorted(scripts | {MISSING})
    assert len(beaten.adopted) == 42
    assert set(beaten.adopted.values()) == set(ORDER)
    assert len(list((a_machine.POWERSHELL / "scripts").glob("*.ps1"))) > 12


def test_each_runs_once_in_the_adopted_order_and_one_at_a_time(beaten: Beaten) -> None:
    expected = dict.fromkeys(beaten.adopted, "completed")
    expected |= {MISSING: "skipped", FAILING: "failed", HANGING: "timed_out"}
    assert {name: step["outcome"] for name, step in beaten.steps.items()} == expected

    diary = [[who, what] for _, who, what in beaten.diary if who != CHILD]
    order = [who for who, what in diary if what == "begin"]
    cut_short = (FAILING, HANGING)
    assert diary == [
        [who, what] for who in order for what in ("begin", "end")[: 1 if who in cut_short else 2]
    ]
    assert order == [name for name in beaten.planned if name != MISSING]
    times = [float(at) for at, _, _ in beaten.diary]
    assert times == sorted(times)


def test_what_they_hand_each_other_is_written_before_it_is_read(beaten: Beaten) -> None:
    for writer, reader in (
        ("save_performance_benchmark", "analyze_performance_trends"),
        ("analyze_performance_trends", "adaptive_routing_optimizer"),
        ("metrics_collector", "dashboard_autoupdate"),
        ("일일_브리핑", "generate_visual_dashboard"),
        ("일일_브리핑", "email_digest"),
    ):
        assert beaten.planned.index(writer) < beaten.planned.index(reader)
    policy = json.loads((beaten.machine / "data" / "routing_policy.json").read_text(encoding="utf-8"))
    assert policy["primary"] == "llm"


@pytest.mark.parametrize(
    "line",
    [
        "사건 8건, 가장 오래된 것부터",  # of a script, and in a folder, whose names are Korean
        "다시 계획함: 도구 오류",
        "시간 초과: 2번",
        "삭제: 임시 파일.tmp",
        "불만: 너무 느립니다",
        "최근 7 일",
        "정리할 프로세스: 0",
        "request: 5",
    ],
)
def test_what_they_print_arrives_whole(beaten: Beaten, line: str) -> None:
    assert (LEVELS["INFO"], line) in beaten.logs


def test_the_formatted_object_of_a_script_is_printed(beaten: Beaten) -> None:
    assert any(line.startswith("PowerShell : 7.") for _, line in beaten.logs)


def test_warnings_are_warnings_and_nothing_else_of_powershells_streams_is(beaten: Beaten) -> None:
    said = [(level, line) for level, line in beaten.logs if "디스크" in line]

    assert [level for level, line in said if "공간이 부족합니다" in line] == [LEVELS["WARNING"]]
    assert [level for level, line in said if "점검: 디스크 C" in line] == [LEVELS["INFO"]]
    assert (LEVELS["INFO"], "디스크 C 확인 완료") in said
    assert not any("디스크 점검" in line for _, line in said), "its progress is for a screen"
    assert not any("\x1b" in line for _, line in beaten.logs)


def test_a_failure_reads_well_in_its_groups_report(beaten: Beaten) -> None:
    report = next(text for text in beaten.reports.values() if FAILING in text)
    (row,) = [line for line in report.splitlines() if FAILING in line]

    assert "failed" in row
    assert "사건 목록이 없습니다: incidents.csv" in row
    assert "사건 목록을 찾는 중" in [line for _, line in beaten.logs]


def test_what_is_missing_is_skipped_and_blocks_nobody(beaten: Beaten) -> None:
    assert "check_health.py" in beaten.steps[MISSING]["message"]
    assert beaten.adopted[MISSING] == ORDER[0]


def test_what_hangs_is_ended_with_its_child(beaten: Beaten) -> None:
    about_child = [what for _, who, what in beaten.diary if who == CHILD]

    assert about_child == ["begin"], "it had a child, which did not get to its end"
    assert "백업을 시작합니다" in [line for _, line in beaten.logs]
    assert [process for process in psutil.process_iter() if _is_of(process, beaten.machine)] == []


def _is_of(process: psutil.Process, machine: Path) -> bool:
    try:
        return any(str(machine) in word for word in process.cmdline())
    except psutil.Error:
        return False
