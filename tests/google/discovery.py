"""Google's own description of the Sheets API as validators: a request or a reply goes in, what is wrong with it comes out."""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs

DOCUMENT: dict[str, Any] = json.loads(
    (importlib.resources.files("googleapiclient") / "discovery_cache/documents/sheets.v4.json").read_text(
        encoding="utf-8"
    )
)
_ONE_OF = {"Request": 1, "Response": 0, "ExtendedValue": 0, "ColorStyle": 0}
"""Unions, which the document does not tell apart from messages: at most one field, at least so many."""
_WHOLE = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


class Method(NamedTuple):
    """A method of the API and the parts of its path."""

    name: str
    """`spreadsheets.values.batchGet` and so on."""
    parts: Mapping[str, str]
    request: str | None
    response: str
    query: Mapping[str, Mapping[str, Any]]


def _converted(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of the document as JSON Schema; unknown fields are refused, as Google refuses them."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    match schema.get("type"):
        case "object":
            out: dict[str, Any] = {"type": "object"}
            if "properties" in schema:
                out["properties"] = {name: _converted(s) for name, s in schema["properties"].items()}
                out["additionalProperties"] = False
            if "additionalProperties" in schema:
                out["additionalProperties"] = _converted(schema["additionalProperties"])
            return out
        case "array":
            return {"type": "array", "items": _converted(schema["items"])}
        case "any":
            return {}
        case "string" if schema.get("format") in ("int64", "uint64"):
            return {"type": ["integer", "string"], "pattern": r"^-?\d+$"}
        case "string" if schema.get("format") == "google-fieldmask":
            return {"type": "string", "pattern": r"^[\w*.,/() ]+$"}
        case "string":
            return {"type": "string"} | ({"enum": schema["enum"]} if "enum" in schema else {})
        case "integer":
            low, high = _WHOLE[schema.get("format", "int32")]
            return {"type": "integer", "minimum": low, "maximum": high}
        case kind:
            return {"type": kind}


@cache
def _definitions() -> dict[str, Any]:
    found = {name: _converted(schema) for name, schema in DOCUMENT["schemas"].items()}
    for name, least in _ONE_OF.items():
        found[name] |= {"maxProperties": 1, "minProperties": least}
    return found


@cache
def _validator(name: str) -> Any:
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{name}", "$defs": _definitions()})


def fault(name: str, value: Any) -> str | None:
    """What is wrong with a message of that name, with its place; None if nothing is."""
    validator = _validator(name)
    if validator.is_valid(value):
        return None
    error = next(iter(validator.iter_errors(value)))
    place = ".".join(map(str, error.instance_path))
    return f"{error.message[:300]} at '{place}'"


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for below in resource.get("resources", {}).values():
        yield from _methods(below)


@cache
def _routes() -> list[tuple[str, re.Pattern[str], Mapping[str, Any]]]:
    found = []
    for method in _methods(DOCUMENT):
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(method["flatPath"]))
        found.append((method["httpMethod"], re.compile(f"/{pattern}"), method))
    return sorted(
        found, key=lambda route: -len(route[2]["path"])
    )  # `values:batchGet` before `values/{range}`


def method_of(verb: str, path: str) -> Method | None:
    """The method that a request calls."""
    for http, pattern, method in _routes():
        if http == verb and (found := pattern.fullmatch(path)):
            query = {k: p for k, p in method.get("parameters", {}).items() if p["location"] == "query"}
            return Method(
                method["id"].removeprefix("sheets."), found.groupdict(),
                method.get("request", {}).get("$ref"), method["response"]["$ref"], query,
            )  # fmt: skip
    return None


def query_fault(method: Method, query: Mapping[str, list[str]]) -> str | None:
    """What is wrong with the query of a request."""
    for name, values in query.items():
        known = method.query.get(name) or DOCUMENT["parameters"].get(name)
        if known is None:
            return f'Unknown name "{name}": Cannot bind query parameter. Field could not be found in request message.'
        if len(values) > 1 and not known.get("repeated"):
            return f"{name} is not repeated"
        for value in values:
            if "enum" in known and value not in known["enum"]:
                return f"Invalid value at '{name}', \"{value}\""
            if known["type"] == "boolean" and value.lower() not in ("true", "false"):
                return f"Invalid value at '{name}' (TYPE_BOOL), \"{value}\""
    return None


# -------------------------------------------------------------------- field masks

Mask = dict[str, Any]


def mask_of(text: str) -> Mask:
    """A field mask as a tree: `a(b,c.d)` is {a: {b: {}, c: {d: {}}}}."""
    tokens = re.findall(r"[\w*]+|[(),./]", text.replace(" ", ""))
    at = 0

    def listed() -> Mask:
        nonlocal at
        found: Mask = {}
        while at < len(tokens) and tokens[at] != ")":
            place = found
            while True:
                place = place.setdefault(tokens[at], {})
                at += 1
                if at < len(tokens) and tokens[at] in "./":
                    at += 1
                    continue
                break
            if at < len(tokens) and tokens[at] == "(":
                at += 1
                place.update(listed())
                at += 1
            if at < len(tokens) and tokens[at] == ",":
                at += 1
        return found

    return listed()


def mask_fault(name: str, mask: Mask) -> str | None:
    """The first field of a mask that a message of that name does not have."""
    schema = DOCUMENT["schemas"][name]
    for key, below in mask.items():
        if key == "*":
            continue
        known = schema.get("properties", {}).get(key)
        if known is None:
            return f"Invalid field: {key}"
        inner = known.get("$ref") or known.get("items", {}).get("$ref")
        if below and inner and (wrong := mask_fault(inner, below)):
            return wrong
    return None


def projected(value: Any, mask: Mask) -> Any:
    """What a mask leaves of a reply."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [projected(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: projected(item, mask[key]) for key, item in value.items() if key in mask}
    return value
