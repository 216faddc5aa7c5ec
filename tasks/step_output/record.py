"""What is kept of one attempt at a step, from its first line to the deletion of older ones."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from tasks.settings.rhythm_toml import Settings
from tasks.step_output import retention
from tasks.step_output.output_file import AnyLog, OutputFile
from tasks.step_output.places import Attempt, folder
from tasks.step_output.step_output import Level, StepOutput


class Record:
    """An attempt's file; `log` is where Prefect's part of its output goes."""

    def __init__(
        self, attempt: Attempt, settings: Settings, log: AnyLog, now: Callable[[], datetime]
    ) -> None:
        self._attempt, self._settings, self._log, self._now = attempt, settings, log, now
        path = folder(settings.outputs_dir, attempt.group, attempt.step) / attempt.stem
        self.file = OutputFile(path, settings.keep_output_size // retention.ONE_RUN, now)

    def output(self, level: Level) -> StepOutput:
        """Return what takes a script's lines; `level` decides how serious each is."""
        return StepOutput(self._attempt, self.file, self._log, self._settings.log_lines, level)

    def close(self, level: int, verdict: str) -> None:
        """Write how it ended, compress the file, and delete files that are not kept any longer."""
        self.file.write([verdict], logging.getLevelName(level), always=True)
        self.file.finish()
        if self.file.fault:
            self._log.warning("its output is not kept whole: %s", self.file.fault)
        keep, most = self._settings.keep_output, self._settings.keep_output_size
        try:
            retention.prune(self._settings.outputs_dir, self._now(), keep, most, self.file.size)
        except OSError as error:
            self._log.warning("old output of steps cannot be deleted: %s", error)
