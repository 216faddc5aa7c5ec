"""The dashboard as a step: what it writes, says and leaves, and what stops it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.contract import Context, Report
from tasks.builtin.dashboard.library import bundling
from tasks.builtin.generate_visual_dashboard import main
from tasks.outcome import Outcome, StepFailedError
from tasks.settings.rhythm_toml import PROJECT
from tasks.store.measurements import CPU, GroupEvent, Sample
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.waiting import LIMIT


def file_of(context: Context) -> Path:
    return context.settings.outputs_dir / "dashboard.html"


def test_it_writes_one_page_and_says_where_it_is_and_what_it_covers(make_context: MakeContext) -> None:
    context = make_context()
    reports: list[Report] = []
    with store_of(context.settings) as store:
        store.add_samples(Sample(NOW - timedelta(days=days), CPU, 50) for days in range(5))

    said = main([], replace(context, publish=reports.append))

    assert said.startswith(f"{file_of(context)}: ")
    assert said.endswith(", the last 24 hours and trends of 4 days")
    html = file_of(context).read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert 500_000 < len(html.encode()) < 1_500_000
    link, section = reports
    assert (link.key, link.link) == ("dashboard", "/rhythm")
    assert not section.key
    assert "**warning**: One thing needs attention: nothing ran in the last 24 hours." in section.text
    assert sorted(path.name for path in context.settings.outputs_dir.iterdir() if ".tmp" in path.name) == []


def test_the_first_run_ever_makes_a_page_without_data(make_context: MakeContext) -> None:
    context = make_context()

    assert main([], context).endswith("the last 24 hours and no trends yet")
    assert file_of(context).read_text(encoding="utf-8").count("No data yet: ") == 9


def test_what_needs_attention_is_a_warning_in_the_log(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context()
    at = NOW - timedelta(minutes=5)
    with store_of(context.settings) as store:
        store.add_decisions([GroupEvent(at, "health_check", "run", "due", Outcome.FAILED, 1.0)])

    main(["--hours", "1"], context)

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["health_check failed in its latest run, at 15:25"]
    assert "The hour before" in file_of(context).read_text(encoding="utf-8")


def test_half_a_page_of_before_is_replaced(make_context: MakeContext) -> None:
    context = make_context()
    file_of(context).parent.mkdir()
    file_of(context).write_text("<!DOCTYPE html><html><script>", encoding="utf-8")

    main([], context)

    assert file_of(context).read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_corrupt_store_fails_the_step_and_leaves_the_page_of_before(make_context: MakeContext) -> None:
    context = make_context()
    file_of(context).parent.mkdir()
    file_of(context).write_text("yesterday's", encoding="utf-8")
    (context.settings.outputs_dir / "rhythm.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(StepFailedError, match="the measurements could not be read: "):
        main([], context)

    assert file_of(context).read_text(encoding="utf-8") == "yesterday's"


def test_a_page_that_cannot_be_written_fails_the_step(make_context: MakeContext) -> None:
    context = make_context()
    file_of(context).mkdir(parents=True)  # a folder is in its place

    with pytest.raises(StepFailedError, match=r"dashboard\.html cannot be written \(.*outputs_dir"):
        main([], context)

    assert not list(context.settings.outputs_dir.glob("*.tmp"))


def test_a_folder_that_cannot_be_made_fails_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match="outputs_dir"):
        main([], make_context(outputs_dir=blocked))


@pytest.mark.parametrize("hours", ["0", "73", "nan", "a day"])
def test_hours_that_make_no_sense_are_refused(make_context: MakeContext, hours: str) -> None:
    with pytest.raises(StepFailedError, match="not a number above 0, up to 72"):
        main(["--hours", hours], make_context())


def test_a_script_that_cannot_be_made_fails_the_step_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vl_convert.py").write_text("raise ImportError('no such V8')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    said = r"could not be made: ImportError: no such V8\. Install"
    with pytest.raises(StepFailedError, match=said), bundling() as bundle:
        bundle()


def test_a_step_that_fails_meanwhile_leaves_no_process_behind() -> None:
    code = (
        "from tasks.builtin.dashboard.library import bundling\n"
        "import psutil\n"
        "try:\n"
        "    with bundling():\n"
        "        assert psutil.Process().children()\n"
        "        raise KeyError\n"
        "except KeyError:\n"
        "    assert not psutil.Process().children()\n"
    )
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, timeout=2 * LIMIT, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
