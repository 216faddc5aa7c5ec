"""`rhythm init`: makes the current folder one that a rhythm runs from."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.cli import console
from tasks.problem import ConfigError, Problem, remedy_for
from tasks.settings.project import DEFAULTS, ENTRY
from tasks.settings.schema import schema_file

NEXT = (
    "Put your scripts into scripts/ and name them in rhythm.toml,\n"
    "  or take over what runs already: rhythm adopt --this-machine",
    "rhythm check",
    "rhythm up",
)


@dataclass(frozen=True, slots=True)
class Initialized:
    """What was written into a folder, by name, and what was left as it is, with the reason."""

    folder: Path
    written: tuple[str, ...]
    kept: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """It, as `--json` prints it."""
        return {
            "folder": str(self.folder),
            "written": list(self.written),
            "kept": self.kept,
            "next": [step.replace("\n  ", " ") for step in NEXT],
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
    for name, reason in done.kept.items():
        console.say(f"not written: {done.folder / name} ({reason})")
    console.say("\nNext:")
    for number, step in enumerate(NEXT, 1):
        console.say(f"{number}. {step}")
    return 0


def init(folder: Path) -> Initialized:
    """Write what a rhythm needs into `folder`; nothing that is there is touched.

    Raises:
        ConfigError: something cannot be written.
    """
    written: list[str] = []
    kept: dict[str, str] = {}
    for source in sorted(DEFAULTS.iterdir()):
        path = folder / source.name
        if path.exists():
            kept[path.name] = _kept(path)
        elif path.name == "prefect.toml" and _has_prefect_table(folder / "pyproject.toml"):
            kept[path.name] = "pyproject.toml has [tool.prefect]; what is not in it, Rhythm adds"
        else:
            _write(path, source.read_text(encoding="utf-8"))
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
    return Initialized(folder, tuple(written), kept)


def _kept(path: Path) -> str:
    if path.name == "prefect.yaml" and f"{ENTRY}." not in path.read_text(encoding="utf-8", errors="replace"):
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
