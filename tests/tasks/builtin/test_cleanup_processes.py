"""The clean-up: what is left over is ended when rhythm.toml says so, and only then."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.builtin.cleanup_processes import main
from tasks.builtin.contract import Context, Report
from tasks.settings.builtins import CleanupSettings
from tests.family import Family
from tests.tasks.builtin.conftest import MakeContext
from tests.waiting import eventually

# Says that it is there, and waits; `deaf` ones hear no SIGTERM. The mark distinguishes it from all others.
WAITS = """
import signal, sys
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(flush=True)
sys.stdin.read()
"""


class Waiting:
    """Processes that wait, distinguished by a mark in their command line."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.all: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", WAITS, self.mark, *words]
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self.all.append(child)
        assert child.stdout is not None
        child.stdout.readline()  # it has started, and now waits
        return child

    def end(self) -> None:
        for child in self.all:
            child.kill()
            child.communicate()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    waiting = Waiting(f"mark-{tmp_path.name}-{os.getpid()}")
    yield waiting
    waiting.end()


def cleaning(context: Context, *rules: dict[str, Any], dry_run: bool = False, later: float = 60) -> Context:
    """A context with rules, in which it is `later` seconds later than it is."""
    cleanup = CleanupSettings.model_validate({"dry_run": dry_run, "grace": "0.5s", "match": rules})
    now = datetime.now(UTC) + timedelta(seconds=later)
    return replace(
        context,
        settings=context.settings.model_copy(update={"cleanup": cleanup}),
        now=lambda: now,
    )


def rule(waiting: Waiting, **more: Any) -> dict[str, Any]:
    return {"command": waiting.mark, "older_than": "10s", **more}


def test_a_process_that_a_rule_names_is_ended(make_context: MakeContext, waiting: Waiting) -> None:
    child = waiting.start()
    reports: list[Report] = []
    context = replace(cleaning(make_context(), rule(waiting)), publish=reports.append)

    said = main([], context)

    assert said.startswith("1 processes dealt with (")
    assert child.wait(10) is not None
    assert f"({child.pid})" in reports[0].text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be deaf to")
def test_one_that_hears_nothing_is_killed(
    make_context: MakeContext, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    child = waiting.start("deaf")
    main([], cleaning(make_context(), rule(waiting)))
    assert child.wait(10) is not None
    assert re.search(rf"killed \S+ \({child.pid}\)", caplog.text)


@pytest.mark.parametrize("argv", [[], ["--dry-run"]])
def test_a_dry_run_only_says_so(
    make_context: MakeContext, waiting: Waiting, caplog: pytest.LogCaptureFixture, argv: list[str]
) -> None:
    child = waiting.start()
    said = main(argv, cleaning(make_context(), rule(waiting), dry_run=not argv))
    assert said.startswith("1 processes would be ended (")
    assert "would end" in caplog.text
    assert child.poll() is None


def test_dry_run_is_the_default(make_context: MakeContext) -> None:
    assert make_context().settings.cleanup.dry_run


def test_idleness_is_watched_from_run_to_run(make_context: MakeContext, waiting: Waiting) -> None:
    """It is young, so that its start counts as work; after an hour without any it has been idle."""
    child = waiting.start()
    patient = rule(waiting, idle="30m")
    context = make_context()
    assert main([], cleaning(context, patient, later=1)).startswith("nothing to end")
    assert main([], cleaning(context, patient, later=20 * 60)).startswith("nothing to end")
    assert (context.settings.outputs_dir / "cleanup.json").exists()
    assert main([], cleaning(context, patient, later=3600)).startswith("1 processes dealt with")
    assert child.wait(10) is not None


@pytest.mark.parametrize("text", ["", "{", '{"entries": [{"pid": 1}]}'])
def test_a_memory_of_idleness_that_is_broken_is_begun_anew(
    make_context: MakeContext, waiting: Waiting, text: str
) -> None:
    waiting.start()
    context = make_context()
    context.settings.outputs_dir.mkdir()
    (context.settings.outputs_dir / "cleanup.json").write_text(text)
    assert main([], cleaning(context, rule(waiting, idle="30m"))).startswith("nothing to end")


def test_where_nothing_can_be_remembered_it_goes_on(
    make_context: MakeContext, waiting: Waiting, blocked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    child = waiting.start()
    main([], cleaning(make_context(outputs_dir=blocked), rule(waiting)))
    assert child.wait(10) is not None
    assert "is not remembered" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="the owner is killed by a signal")
@pytest.mark.parametrize("dry", [True, False])
def test_scripts_of_a_beat_that_was_killed_are_ended_with_all_they_started(
    make_context: MakeContext, family: Family, dry: bool
) -> None:
    context = make_context()
    owner = family.start("owner.py", str(context.settings.outputs_dir), "hangs.py")
    eventually(lambda: family.said("grandchild"), "the script and its child")
    owner.kill()
    owner.wait()
    orphans = [process for process in family.alive() if process.pid != owner.pid]
    assert orphans

    said = main([], cleaning(context, dry_run=dry))

    if dry:
        assert "would be ended" in said
        assert all(process.is_running() for process in orphans)
    else:
        assert "dealt with" in said
        assert not family.alive()


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no zombies, or no way to wait for one")
def test_a_real_zombie_is_reported_with_its_parent(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys\nif not os.fork(): os._exit(0)\nprint(flush=True)\nsys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    (child,) = psutil.Process(parent.pid).children()
    eventually(lambda: child.status() == psutil.STATUS_ZOMBIE, "the zombie")

    said = main([], make_context(now=datetime.now(UTC)))

    parent.communicate()
    (reported,) = [text for text in caplog.messages if f"({parent.pid}) has" in text]
    assert str(child.pid) in reported
    assert "zombies" in said


def test_a_real_idle_process_is_reported_and_goes_on(
    make_context: MakeContext, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    child = waiting.start()
    main([], cleaning(make_context(), later=86400))
    assert child.poll() is None
    assert "looks idle" in caplog.text
