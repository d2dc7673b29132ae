"""The words of a JSON Schema, so that one reads like the documents it describes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
DAY: Schema = {"type": "string", "format": "date"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
SCALAR: Schema = {"type": ["number", "integer", "string", "null"]}
_OPTIONAL = "?"


def titled(title: str, version: str, fields: Schema, definitions: Schema) -> Schema:
    """A whole schema of documents that name their version in `abstory`."""
    shape = shaped({"abstory": {"const": version}} | fields)
    return {"$schema": DIALECT, "title": title, **shape, "$defs": definitions}


def shaped(fields: Schema) -> Schema:
    """An object with these fields; one whose name ends in `?` may be missing."""
    required = [name for name in fields if not name.endswith(_OPTIONAL)]
    properties = {name.removesuffix(_OPTIONAL): told for name, told in fields.items()}
    return {"type": "object", "properties": properties, "required": required}


def listed(of: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": of}


def maybe(told: Schema) -> Schema:
    """It, or null."""
    if isinstance(kind := told.get("type"), str):
        return told | {"type": [kind, "null"]}
    return {"anyOf": [told, {"type": "null"}]}


def one_of(words: Iterable[str]) -> Schema:
    """One of some words."""
    return {"enum": [str(word) for word in words]}


def named(definition: str) -> Schema:
    """What `$defs` calls so."""
    return {"$ref": f"#/$defs/{definition}"}


def known(name: str, told: Schema | None = None) -> Schema:
    """A field that is null where it is not known, with the reason beside it."""
    return {name: maybe(told or NUMBER), f"{name}_unknown?": named("unknown")}


def mapped(values: Schema) -> Schema:
    """An object of any names, each with such a value."""
    return {"type": "object", "additionalProperties": values}


UNKNOWN = shaped({"reason": TEXT, "detail": TEXT})
INTERVAL: Schema = {
    "type": "array",
    "prefixItems": [maybe(NUMBER), maybe(NUMBER)],
    "items": False,
    "minItems": 2,
    "description": "low and high; null is unbounded",
}
