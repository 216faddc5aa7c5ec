"""The diagnosis: what eats the machine now, since the last look, and who only ever grows."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.contract import Context, Report
from tasks.builtin.diagnose_performance import main
from tests.tasks.builtin.conftest import MakeContext

# Takes 20 MB for every line it is sent, and says so.
GROWS = """
import sys
held = []
print(flush=True)
for line in sys.stdin:
    held.append(bytearray(20_000_000))
    print(flush=True)
"""
FAST = ["--interval", "0.05"]


def later(context: Context, hours: float) -> Context:
    moment = context.now() + timedelta(hours=hours)
    return replace(context, now=lambda: moment)


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
def test_the_first_look_reports_what_is_heavy_now(make_context: MakeContext) -> None:
    reports: list[Report] = []
    context = replace(make_context(), publish=reports.append)
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            said = main(["--interval", "0.5"], context)
        finally:
            child.kill()
    assert "most CPU: " in said
    assert "most memory: " in said
    assert said.endswith("no suspects for leaks")
    assert f"({child.pid}) |" in reports[0].text.replace("\\", "")
    assert "### Now: CPU" in reports[0].text
    assert "Over the last" not in reports[0].text


def test_the_next_look_reports_what_was_used_since(make_context: MakeContext) -> None:
    reports: list[Report] = []
    context = replace(make_context(), publish=reports.append)
    main(FAST, context)
    main(FAST, later(context, 1))
    assert "### Over the last an hour: CPU" in reports[1].text


def test_a_process_that_grows_over_hours_is_a_suspect_and_a_steady_one_is_not(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context()
    argv = [sys.executable, "-c", GROWS]
    grow, steady = (
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    )
    try:
        for child in (grow, steady):  # both among the heaviest, whatever else runs here
            _grow(child, 15, first=True)
        for hour in range(7):
            main(FAST, later(context, hour))
            _grow(grow, 1)
    finally:
        for child in (grow, steady):
            child.communicate()
    reported = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any(f"({grow.pid}) grows by" in text for text in reported)
    assert not any(f"({steady.pid})" in text for text in reported)


@pytest.mark.parametrize("text", ["", "{", '{"at": "2026-03-04T12:00:00Z", "loads": [{"pid": 1}]}'])
def test_a_last_look_that_is_half_written_is_none(make_context: MakeContext, text: str) -> None:
    context = make_context()
    context.settings.outputs_dir.mkdir()
    (context.settings.outputs_dir / "diagnosis.json").write_text(text)
    assert "most memory: " in main(FAST, context)
    assert (context.settings.outputs_dir / "diagnosis.json").read_text() != text


def test_where_nothing_can_be_kept_it_reports_what_it_sees(
    make_context: MakeContext, blocked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert "most memory: " in main(FAST, make_context(outputs_dir=blocked))
    assert "growth over hours could not be looked for" in caplog.text
    assert "this look is not remembered" in caplog.text


def _grow(child: subprocess.Popen[str], times: int, *, first: bool = False) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    if first:
        child.stdout.readline()
    for _ in range(times):
        child.stdin.write("more\n")
        child.stdin.flush()
        child.stdout.readline()
