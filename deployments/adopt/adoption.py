"""From the jobs that the sources hold to the steps of rhythm.toml: judged first, then written."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.adopt.job import Job
from deployments.adopt.judging.assignments import Assignment
from deployments.adopt.judging.judgement import Adoption, judge
from deployments.adopt.judging.placing import Known, Present
from deployments.adopt.writing.rhythm_file import RhythmFile
from deployments.adopt.writing.steps import write
from tasks.settings.rhythm_toml import Settings

__all__ = ["Adoption", "adopt"]


def adopt(
    found: Sequence[Job],
    file: RhythmFile,
    settings: Settings | None,
    known: Known,
    assignments: Sequence[Assignment] = (),
    drops: Sequence[str] = (),
) -> Adoption:
    """Give every job its group, and put into the file the steps that it does not have yet.

    `settings` are those of the file, if it is not new.

    Raises:
        ConfigError: the user's word names no job.
    """
    present = Present(file.steps(), file.adopted, tuple(file.groups), file.scripts_dir)
    adoption = judge(found, present, settings, known, assignments, drops)
    write(adoption, file, known.texts)
    return adoption
