"""What a script prints, on its way: all of it into a file, an excerpt into Prefect's log."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from tasks.step_output.excerpt import Excerpt
from tasks.step_output.output_file import AnyLog, OutputFile
from tasks.step_output.places import Attempt

OUT, ERR = "out", "err"
#: The source of what an interpreter has recorded of errors: more than was printed, for who reads the file.
DETAIL = "detail"
#: Given a line and whether it came from standard error, returns how serious it is.
Level = Callable[[str, bool], int]


class StepOutput:
    """Takes a script's lines, which hold neither secrets nor control characters any more."""

    def __init__(self, attempt: Attempt, file: OutputFile, log: AnyLog, most: int, level: Level) -> None:
        self._attempt, self._file, self._log, self._level = attempt, file, log, level
        self._excerpt = Excerpt(most)

    def take(self, lines: Sequence[str], error: bool) -> None:
        """Take the next lines of a stream."""
        self._file.write(lines, ERR if error else OUT)
        self._tell([(line, error) for line in self._excerpt.add(lines, error)])

    def close(self) -> None:
        """Log the last lines, and if not all could be logged, where they are."""
        ending = self._excerpt.ending()
        if ending.left_out:
            self._log.info("… %s lines are not shown here; %s", f"{ending.left_out:,}", self._where())
        self._tell(ending.lines)
        if self._file.is_full:
            left_out = "… this is the most that one run may print; its last lines follow"
            self._file.write([left_out], "WARNING", always=True)
            for line, error in ending.lines:
                self._file.write([line], ERR if error else OUT, always=True)

    def _where(self) -> str:
        if self._file.fault:
            return f"they are lost: {self._file.fault}"
        of = self._attempt
        run = ["--run", of.run_id] if of.run_id else []
        words = shlex.join(["rhythm", "logs", f"{of.group}/{of.step}", *run])
        all_of_it = "the first of them are" if self._file.is_full else "all are"
        return f"{all_of_it} in {self._file.path}: {words}"

    def _tell(self, lines: Sequence[tuple[str, bool]]) -> None:
        for line, error in lines:
            self._log.log(self._level(line, error), "%s", line)
