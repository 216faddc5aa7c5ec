"""`rhythm config schema`: the JSON Schema of rhythm.toml, for editors that complete and check the file."""

from __future__ import annotations

from deployments.cli import console
from tasks.settings.schema import json_schema


def run(*, action: str, json: bool) -> int:
    """Print the schema, which is one JSON object anyhow. Return 0."""
    console.show_json(json_schema())
    return 0
