"""`rhythm adopt`: from dozens of tasks, each on its own timer, to one rhythm.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deployments.adopt import paths
from deployments.adopt.adoption import Adoption, adopt
from deployments.adopt.job import Job
from deployments.adopt.judging.assignments import assignment
from deployments.adopt.judging.placing import Known
from deployments.adopt.sources import readers
from deployments.adopt.sources import this_machine as own_scheduler
from deployments.adopt.sources.text_encoding import decode
from deployments.adopt.writing import report
from deployments.adopt.writing.rhythm_file import RhythmFile
from deployments.cli import console, plan
from tasks.files.atomic_file import write_users_text
from tasks.problem import ConfigError, Problem, remedy_for
from tasks.settings import rhythm_toml as config

#: Of a script, no more is read to determine what it does.
_LONGEST_SCRIPT = 400_000  # bytes
#: So much of the timetable is shown; `rhythm plan` has the rest.
_HOURS_SHOWN = 2.0


def run(
    *,
    sources: Sequence[str],
    this_machine: bool,
    assign: Sequence[str],
    drop: Sequence[str],
    output: str | None,
    dry_run: bool,
    json: bool,
) -> int:
    """Read the sources, place their jobs, write rhythm.toml, and report it.

    Return 0 if all are placed, 1 if some need the user, 2 if a source could not be read.

    Raises:
        ConfigError: there is nothing to read, the user's word means no job, or the rhythm.toml
            that is there is not valid. Nothing has been written.
    """
    if not sources and not this_machine:
        raise ConfigError(
            [Problem("rhythm adopt", "has nothing to read", "Name sources, or say --this-machine.")]
        )
    found = readers.harvest(sources, sys.stdin.buffer)
    if this_machine:
        found.join(own_scheduler.harvest())
    path = Path(output) if output else _path()
    before = _text(path)
    file = RhythmFile(path, before)
    settings = file.validate() if before is not None else None
    assignments = [assignment(text, file.groups) for text in assign]
    known = Known(_script_texts(found.jobs), _is_missing)
    adoption = adopt(found.jobs, file, settings, known, assignments, drop)
    changed = bool(file.groups) and file.text != before
    if changed:
        file.validate()
    if changed and not dry_run:
        write_users_text(path, file.text)
    problems = [*found.unread, *found.problems]
    if json:
        console.show_json(
            {
                "jobs": [job.to_json() for job in adoption.jobs],
                "problems": [problem.to_json() for problem in problems],
            }
        )
    else:
        _show(adoption, file, found.files, problems, _fate(path, before, changed=changed, dry=dry_run))
    if found.unread:
        return 2
    return 1 if adoption.needs or found.problems else 0


def _show(adoption: Adoption, file: RhythmFile, files: int, problems: Sequence[Problem], fate: str) -> None:
    report.show(adoption, files)
    for problem in problems:
        console.error(str(problem))
    if not file.groups:
        return
    console.say("")
    plan.show_next(file.validate(), _HOURS_SHOWN)
    report.show_switches(adoption)
    console.say(fate)


def _fate(path: Path, before: str | None, *, changed: bool, dry: bool) -> str:
    if not changed:
        return f"{path} stays as it is."
    done = "written" if before is None else "changed"
    return (
        f"{path} would be {done} (--dry-run)."
        if dry
        else f"{path} is {done}. See it by: rhythm check; rhythm plan"
    )


def _path() -> Path:
    """Return where rhythm.toml is to be: where it would be read from, but never another folder's."""
    named = os.environ.get(config.CONFIG_VARIABLE)
    return config.config_path() if named else Path.cwd() / "rhythm.toml"


def _text(path: Path) -> str | None:
    """Return what is there already."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        remedy = remedy_for(error, "Name another file by --output.")
        raise ConfigError([Problem(str(path), problem, remedy)]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), "is not UTF-8", "Save the file as UTF-8.")]) from None


def _is_ours(path: str) -> bool:
    """Whether a path is one of this kind of machine."""
    return paths.is_windows(path) if os.name == "nt" else path.startswith("/")


def _is_missing(path: str) -> bool:
    try:
        return _is_ours(path) and not Path(path).exists()
    except (OSError, ValueError):
        return True


def _script_texts(jobs: Sequence[Job]) -> dict[str, str]:
    """Return the texts of the scripts that are on this machine, by their paths."""
    texts: dict[str, str] = {}
    for script in dict.fromkeys(job.script for job in jobs if job.script):
        if not _is_ours(script) or paths.suffix(script) not in (".py", ".ps1", ".sh", ".bat", ".cmd"):
            continue
        try:
            with Path(script).open("rb") as file:
                texts[script] = decode(file.read(_LONGEST_SCRIPT))
        except (OSError, ValueError):
            continue  # that it is missing is reported where its step is
    return texts
