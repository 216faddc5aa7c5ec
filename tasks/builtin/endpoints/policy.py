"""The routing policy: which endpoint has the traffic, which stands in, and why; as a file for others."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tasks.files import report_file

FILE_NAME = "routing_policy.json"


class RoutingPolicy(BaseModel):
    """The contents of `routing_policy.json`. `threshold_ms` is the latency above which an answer is slow."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1
    at: AwareDatetime
    changed_at: AwareDatetime
    primary: str | None
    fallback: str | None
    threshold_ms: int = Field(ge=0)
    reasons: tuple[str, ...] = ()


def path_of(outputs_dir: Path) -> Path:
    """Return where the policy lies."""
    return outputs_dir / FILE_NAME


def read(outputs_dir: Path) -> RoutingPolicy | None:
    """Return the policy; None if there is none yet.

    Raises:
        ValueError: there is a file, but no policy can be read from it; the message says what to do.
    """
    path = path_of(outputs_dir)
    try:
        return RoutingPolicy.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        fault = error.strerror if isinstance(error, OSError) else "it is not a routing policy"
        raise ValueError(f"{path} is not used ({fault}); the next optimization writes a new one") from error


def write(outputs_dir: Path, policy: RoutingPolicy) -> None:
    """Replace the policy at once.

    Raises:
        StepFailedError: it cannot be written; the one before is untouched.
    """
    report_file.write(path_of(outputs_dir), policy.model_dump_json(indent=2) + "\n")
