"""The schema of rhythm.toml as JSON Schema: what editors and the reference page go by."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from tasks.settings.duration import format_duration
from tasks.settings.rhythm_toml import Settings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AsWritten(GenerateJsonSchema):
    """Describes what may stand in the file: durations as people write them, and no null, which TOML lacks."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """Keep the order in which keys are declared: pydantic's is the alphabet's."""
        return value

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave fields without titles: pydantic's would only repeat their names."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key that may be None in Python is one that may be left out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default of None, for the same reason."""
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        """Return a default as the file would have it."""
        return (
            format_duration(dft)
            if isinstance(dft, timedelta)
            else _without_nulls(super().encode_default(dft))
        )

    def generate(self, schema: CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        """Return the whole schema, headed by its dialect."""
        return {"$schema": _DIALECT, **super().generate(schema, mode)}


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(each) for key, each in value.items() if each is not None}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of rhythm.toml, each key with its description, default and examples."""
    return Settings.model_json_schema(schema_generator=_AsWritten) | {"title": "rhythm.toml"}


def schema_file() -> str:
    """Return it as the text of a file."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
