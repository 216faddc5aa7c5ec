"""The health check: what fails it, what it warns of, and what it keeps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.check_health import HealthReport, check_health, main
from tasks.machine.disks import Disk, DiskReading
from tasks.machine.processes import ProcessInfo
from tasks.machine.vitals import MachineReading
from tasks.measurements import Probe
from tasks.outcome import StepFailedError
from tasks.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.tasks.builtin.service import Service, nowhere

SINCE = NOW - timedelta(minutes=1)


def report(
    *probes: Probe, memory: float = 40.0, disk: float = 50.0, unreadable: tuple[str, ...] = ()
) -> HealthReport:
    return HealthReport(
        at=NOW,
        machine=MachineReading(5.0, memory, 2**30, None, None),
        disks=DiskReading((Disk("C:\\", disk, 3 * 2**30),), unreadable),
        processes=[ProcessInfo(1, None, "python", True, False, 0.0, 0.0, 0)],
        probes=probes,
    )


def test_a_machine_that_is_well_has_neither_failures_nor_warnings() -> None:
    well = report(Probe("llm", NOW, True, 0.02))
    assert (well.failures, well.warnings) == ([], [])
    assert well.summary == (
        "CPU 5 %, memory 40 %, fullest disk C:\\ 50 %, 1 processes (1 of Python), 1 of 1 endpoints up"
    )


@pytest.mark.parametrize(
    ("percent", "warns", "fails"), [(89.9, 0, 0), (90.0, 1, 0), (97.9, 1, 0), (98.0, 0, 1)]
)
def test_a_disk_warns_from_90_and_fails_from_98_percent(percent: float, warns: int, fails: int) -> None:
    seen = report(disk=percent)
    assert (len(seen.warnings), len(seen.failures)) == (warns, fails)


@pytest.mark.parametrize(("percent", "warns", "fails"), [(89.9, 0, 0), (90.0, 1, 0), (98.0, 0, 1)])
def test_memory_warns_from_90_and_fails_from_98_percent(percent: float, warns: int, fails: int) -> None:
    seen = report(memory=percent)
    assert (len(seen.warnings), len(seen.failures)) == (warns, fails)


def test_a_full_disk_is_named_with_what_is_free() -> None:
    assert report(disk=99.2).failures == ["disk C:\\ is 99 % full (3.0 GiB free)"]


def test_a_disk_that_cannot_be_read_is_a_warning() -> None:
    assert report(unreadable=("disk D:\\ cannot be read (locked)",)).warnings == [
        "disk D:\\ cannot be read (locked)"
    ]


def test_all_reasons_are_named_in_order() -> None:
    seen = report(Probe("llm", NOW, False, None, "answered 503"), memory=99.0, disk=99.0)
    assert [text.split(" is ")[0] for text in seen.failures] == ["llm", "memory", "disk C:\\"]


def test_a_service_that_is_up_passes_and_is_kept(make_context: MakeContext, service: Service) -> None:
    context = make_context(service.endpoint())
    assert main(["--fast"], context).endswith("1 of 1 endpoints up")
    with store_of(context.settings) as store:
        (probe,) = store.probes("llm", SINCE)
        assert probe.ok
        assert probe.at == NOW
        for name in ("cpu_percent", "memory_percent", "processes", "python_processes"):
            assert len(store.samples(name, SINCE)) == 1


def test_a_service_that_is_down_fails_the_check_and_is_kept(
    make_context: MakeContext, service: Service
) -> None:
    service.status = 500
    context = make_context(service.endpoint(), nowhere())
    with pytest.raises(StepFailedError, match=r"^llm is down: answered 500 [^;\n]*; gone is down: [^;\n]*$"):
        main(["--fast"], context)
    with store_of(context.settings) as store:
        assert [probe.ok for probe in store.probes(None, SINCE)] == [False, False]


def test_fast_waits_two_seconds_at_most(make_context: MakeContext, service: Service) -> None:
    service.hangs = True
    seen = check_health(make_context(service.endpoint(timeout="1h")).settings, NOW, fast=True)
    assert seen.failures[0] == "llm is down: no complete answer within 2 s"


def test_a_store_that_cannot_be_written_is_a_warning(
    make_context: MakeContext, service: Service, blocked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context(service.endpoint(), outputs_dir=blocked)
    assert main(["--fast"], context).endswith("1 of 1 endpoints up")
    assert "not stored: " in caplog.text
    assert "outputs_dir" in caplog.text


def test_without_an_endpoint_it_says_so(make_context: MakeContext) -> None:
    assert main([], make_context()).endswith("no endpoint to ask")


def test_without_an_endpoint_it_asks_prefect(
    make_context: MakeContext, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context()
    monkeypatch.setenv("PREFECT_API_URL", service.url + "/api")
    assert main(["--fast"], context).endswith("1 of 1 endpoints up")
    assert service.paths == ["/api/health"]


def test_an_unknown_argument_fails_the_step_and_not_the_process(make_context: MakeContext) -> None:
    with pytest.raises(StepFailedError, match="unrecognized arguments: --deep"):
        main(["--deep"], make_context())
