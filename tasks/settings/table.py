"""What every table of rhythm.toml has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of rhythm.toml: fixed once read, and no key that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)
