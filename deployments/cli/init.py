"""`rhythm init`: makes the current folder one that a rhythm runs from."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.cli import console
from deployments.worker import prefect_yaml
from tasks.files import atomic_file
from tasks.problem import ConfigError, Problem, remedy_for
from tasks.settings import rhythm_toml as config
from tasks.settings.project import DEFAULTS
from tasks.settings.schema import schema_file

NEXT = (
    "Put your scripts into scripts/ and name them in rhythm.toml,\n"
    "   or take over what runs already: rhythm adopt --this-machine",
    "rhythm check",
    "rhythm up",
)


@dataclass(frozen=True, slots=True)
class Initialized:
    """What was written into a folder, by name, what was changed and how, and what was left and why."""

    folder: Path
    written: tuple[str, ...]
    changed: dict[str, str]
    kept: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """It, as `--json` prints it."""
        return {
            "folder": str(self.folder),
            "written": list(self.written),
            "changed": self.changed,
            "kept": self.kept,
            "next": [step.replace("\n   ", " ") for step in NEXT],
        }


def run(*, json: bool) -> int:
    """Write what is missing, and print what comes next. Return 0.

    Raises:
        ConfigError: something cannot be written there.
    """
    done = init(Path.cwd())
    if json:
        console.show_json(done.to_json())
        return 0
    for name in done.written:
        console.say(f"written: {done.folder / name}")
    for name, how in done.changed.items():
        console.say(f"changed: {done.folder / name} ({how})")
    for name, reason in done.kept.items():
        console.say(f"not written: {done.folder / name} ({reason})")
    console.say("\nNext:")
    for number, step in enumerate(NEXT, 1):
        console.say(f"{number}. {step}")
    return 0


def init(folder: Path) -> Initialized:
    """Write what a rhythm needs into `folder`.

    What is there is not touched, but a prefect.yaml gets the groups that the rhythm.toml there has.

    Raises:
        ConfigError: something cannot be written.
    """
    written: list[str] = []
    changed: dict[str, str] = {}
    kept: dict[str, str] = {}
    groups = _groups(folder / "rhythm.toml")
    for source in sorted(DEFAULTS.iterdir()):
        path = folder / source.name
        if path.exists():
            if how := _update(path, groups):
                changed[path.name] = how
            else:
                kept[path.name] = _kept(path)
        elif path.name == "prefect.toml" and _has_prefect_table(folder / "pyproject.toml"):
            kept[path.name] = "pyproject.toml has [tool.prefect]; what is not in it, Rhythm adds"
        else:
            text = source.read_text(encoding="utf-8")
            _write(path, prefect_yaml.for_groups(text, groups) if groups and _is_prefect_yaml(path) else text)
            written.append(path.name)
    schema = folder / "rhythm.schema.json"  # which the first line of rhythm.toml names, for editors
    if schema.exists():
        kept[schema.name] = "it is there already"
    elif "rhythm.toml" in written:
        _write(schema, schema_file())
        written.append(schema.name)
    scripts = folder / "scripts"
    if scripts.exists():
        kept["scripts"] = "it is there already"
    else:
        _make(scripts)
        written.append("scripts")
    return Initialized(folder, tuple(written), changed, kept)


def _groups(path: Path) -> list[str]:
    """Return the groups of a rhythm.toml; [] if there is none that is valid."""
    try:
        return list(config.load(path).groups) if path.exists() else []
    except ConfigError:
        return []  # `rhythm check` says why


def _update(path: Path, groups: list[str]) -> str:
    """Bring a prefect.yaml that deploys the rhythm up to date; return what was changed, "" if nothing was."""
    if not groups or not _is_prefect_yaml(path):
        return ""
    before = prefect_yaml.read(path)
    after = prefect_yaml.for_groups(before, groups)
    try:
        if after != before:
            atomic_file.write_users_text(path.resolve(), after)
    except OSError as error:
        raise _not_written(path, error) from None
    return prefect_yaml.changes(before, after)


def _is_prefect_yaml(path: Path) -> bool:
    return path.name == prefect_yaml.NAME


def _kept(path: Path) -> str:
    if _is_prefect_yaml(path) and not prefect_yaml.has_rhythm(prefect_yaml.document(prefect_yaml.read(path))):
        return "one without Rhythm's deployments is there already: `rhythm up` deploys them by its own"
    return "it is there already"


def _has_prefect_table(path: Path) -> bool:
    with suppress(OSError, ValueError, RecursionError):  # none, or one that others will report as broken
        return "prefect" in tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    return False


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise _not_written(path, error) from None


def _make(path: Path) -> None:
    try:
        path.mkdir()
    except OSError as error:
        raise _not_written(path, error) from None


def _not_written(path: Path, error: OSError) -> ConfigError:
    remedy = remedy_for(error, "Go to a folder that you may write into.")
    return ConfigError([Problem(str(path), f"cannot be written ({error.strerror})", remedy)])
