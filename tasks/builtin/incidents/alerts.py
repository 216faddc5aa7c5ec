"""Which incidents have been reported already, so that the next run does not report them again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from tasks.files import atomic_file

FILE_NAME = "latency_alerts.json"


class Alerts(BaseModel):
    """By the address of what it was about, the time of the last alert."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1, 2] = 2
    until: dict[str, AwareDatetime] = {}


def path_of(outputs_dir: Path) -> Path:
    """Return where it is written down."""
    return outputs_dir / FILE_NAME


def read(outputs_dir: Path) -> Alerts:
    """Return what has been reported; nothing if the file is not there.

    Raises:
        ValueError: there is a file, but it cannot be read; the message says what comes of it.
    """
    path = path_of(outputs_dir)
    try:
        found = Alerts.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Alerts()
    except (OSError, ValueError) as error:
        fault = error.strerror if isinstance(error, OSError) else "it is half-written or not Rhythm's"
        raise ValueError(f"{path} is not used ({fault}): incidents may be reported twice") from error
    if found.version == 1:  # which knew endpoints alone, by their names
        return Alerts(until={f"endpoint/{name}": last for name, last in found.until.items()})
    return found


def write(outputs_dir: Path, alerts: Alerts) -> None:
    """Replace what is written down at once.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    atomic_file.write_text(path_of(outputs_dir), alerts.model_dump_json(indent=2) + "\n")
