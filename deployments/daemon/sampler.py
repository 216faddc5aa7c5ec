"""A sample a minute of how much of the machine is in use, at next to no cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from flows import clock
from tasks.readings.meter import METER, Meter
from tasks.settings.rhythm_toml import Settings
from tasks.store import journal
from tasks.store.fault import StoreError
from tasks.store.measurements import Reading

INTERVAL = 60.0  # seconds between two samples
#: Samples that are written at once: to open and close the file takes more than all else that a sample does.
TOGETHER = 5


class Sampler:
    """Samples the machine for a daemon. `report` gets what people should know."""

    def __init__(self, settings: Settings, report: Callable[[str], None], meter: Meter = METER) -> None:
        self._settings, self._report, self._meter = settings, report, meter
        self.unwritten: list[Reading] = []
        """Samples that are not yet in the store, oldest first."""
        self._fault = ""

    async def sample_for_ever(self, interval: float = INTERVAL) -> None:
        """Take a sample every `interval` seconds."""
        self._meter.sample(self._settings.outputs_dir, clock.now())  # from here on the first one counts
        while True:
            await asyncio.sleep(interval)
            self.sample()
            if len(self.unwritten) >= TOGETHER:
                await asyncio.to_thread(self.flush)

    def sample(self) -> None:
        """Take a sample now."""
        self.unwritten.append(self._meter.sample(self._settings.outputs_dir, clock.now()))

    def flush(self) -> None:
        """Write down what is not yet written. A store that cannot be written to is reported once."""
        readings, self.unwritten = self.unwritten, []
        if not readings:
            return
        try:
            journal.write(self._settings, readings=readings)
        except StoreError as error:
            if str(error) != self._fault:
                self._report(f"the machine's load is not written down: {error}")
            self._fault = str(error)
        else:
            self._fault = ""
