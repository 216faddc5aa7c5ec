"""What is wrong, where, and what to do about it: the shape of every user-facing error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `where` names the file and key, `problem` the fault, `remedy` what to do."""

    where: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}. {self.remedy}"

    def to_json(self) -> dict[str, str]:
        """The finding as the CLI's `--json` prints it."""
        return asdict(self)


class ConfigError(Exception):
    """The settings cannot be used; `problems` says why, all of it at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
