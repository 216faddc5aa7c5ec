"""The verdict on a machine and its services: which figure is how bad, and why."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.builtin.analysis.health import HealthVerdict, Level, judge
from tasks.builtin.machine.disks import Disk, DiskReading
from tasks.builtin.machine.vitals import MachineReading
from tasks.settings.builtins import HealthSettings
from tasks.settings.endpoints import EndpointSettings
from tasks.store.measurements import Probe
from tests.tasks.builtin.conftest import NOW


def verdict(
    *services: tuple[str | None, bool],
    cpu: float = 5.0,
    memory: float = 40.0,
    disk: float = 50.0,
    unreadable: tuple[str, ...] = (),
    limits: dict[str, Any] | None = None,
) -> HealthVerdict:
    """The verdict on a machine, and on services (role, whether it is up) named a, b, …"""
    endpoints = [
        EndpointSettings.model_validate({"name": name, "url": "http://127.0.0.1:1", "role": role})
        for name, (role, _) in zip("abc", services, strict=False)
    ]
    probes = [
        Probe(name, NOW, ok, 0.1 if ok else None, "" if ok else "answered 503")
        for name, (_, ok) in zip("abc", services, strict=False)
    ]
    return judge(
        MachineReading(cpu, memory, 2**30, None, None),
        DiskReading((Disk("C:\\", disk, 3 * 2**30),), unreadable),
        endpoints,
        probes,
        HealthSettings.model_validate(limits or {}),
    )


def test_a_machine_that_is_well_is_ok_and_needs_no_reasons() -> None:
    assert verdict((None, True)) == HealthVerdict()
    assert verdict().level is Level.OK


@pytest.mark.parametrize(
    ("percent", "level"),
    [(89.9, Level.OK), (90.0, Level.WARNING), (97.9, Level.WARNING), (98.0, Level.CRITICAL)],
)
@pytest.mark.parametrize("figure", ["memory", "disk"])
def test_what_fills_up_warns_from_90_and_is_critical_from_98_percent(
    figure: str, percent: float, level: Level
) -> None:
    kwargs: dict[str, Any] = {figure: percent}
    assert verdict(**kwargs).level is level


def test_a_busy_cpu_is_a_warning_at_most_unless_rhythm_toml_says_otherwise() -> None:
    assert verdict(cpu=100.0).level is Level.WARNING
    assert verdict(cpu=80.0, limits={"cpu": {"warning": 50, "critical": 80}}).level is Level.CRITICAL


def test_a_full_disk_is_named_with_what_is_free() -> None:
    assert verdict(disk=99.2).of(Level.CRITICAL) == ["disk C:\\ is 99 % full (3.0 GiB free)"]


def test_a_disk_that_cannot_be_read_is_a_warning() -> None:
    assert verdict(unreadable=("disk D: cannot be read",)).of(Level.WARNING) == ["disk D: cannot be read"]


@pytest.mark.parametrize(
    ("services", "level"),
    [
        ([(None, False)], Level.CRITICAL),
        ([("primary", True), ("fallback", True)], Level.OK),
        ([("primary", False), ("fallback", True)], Level.WARNING),
        ([("primary", True), ("fallback", False)], Level.WARNING),
        ([("primary", False), ("fallback", False)], Level.CRITICAL),
        ([("primary", False), (None, True)], Level.CRITICAL),  # that one is there for something else
        ([("primary", False), ("fallback", True), (None, False)], Level.CRITICAL),
    ],
)
def test_a_service_that_is_down_is_critical_unless_another_stands_in(
    services: list[tuple[str | None, bool]], level: Level
) -> None:
    assert verdict(*services).level is level


def test_all_reasons_are_named_services_first() -> None:
    found = verdict((None, False), memory=99.0, disk=99.0)
    assert [text.split(" is ")[0] for text in found.of(Level.CRITICAL)] == ["a", "memory", "disk C:\\"]
