"""The daemon's samples: a few at once into the store, and one that cannot be written harms nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from deployments.daemon.sampler import TOGETHER, Sampler
from tasks.readings.meter import Meter
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME
from tests.conftest import MakeSettings
from tests.waiting import soon

TOML = '[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def test_samples_are_written_a_few_at_a_time(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    said: list[str] = []
    sampler = Sampler(settings, said.append, Meter())
    sampling = asyncio.create_task(sampler.sample_for_ever(interval=0))
    path = settings.outputs_dir / FILE_NAME
    # While it writes, it takes no samples: once there are some again, the first ones are written.
    await soon(lambda: path.exists() and sampler.unwritten, "the first samples to be written")
    sampling.cancel()
    with suppress(asyncio.CancelledError):
        await sampling
    sampler.flush()
    with store_of(settings) as store:
        found = store.readings(LONG_AGO)
        assert len(found) >= TOGETHER
        assert store.readings(LONG_AGO, of_beat=True) == []
    assert all(reading.memory_available for reading in found)
    assert said == []


def test_what_is_left_at_the_end_is_written_too(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    sampler = Sampler(settings, lambda news: None, Meter())
    sampler.sample()
    sampler.flush()
    with store_of(settings) as store:
        assert len(store.readings(LONG_AGO)) == 1


def test_a_store_that_cannot_be_written_to_is_reported_once(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    settings.outputs_dir.mkdir()
    (settings.outputs_dir / FILE_NAME).write_bytes(b"this was never a database, " * 500)
    said: list[str] = []
    sampler = Sampler(settings, said.append, Meter())
    for _ in range(2):
        sampler.sample()
        sampler.flush()
    assert len(said) == 1
    assert "the machine's load is not written down" in said[0]
