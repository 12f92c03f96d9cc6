"""Goldens of JSON Schema: what Python's jsonschema says of generated schemas and values.   python make_json_schema.py   (needs jsonschema)

Schemas have only the keywords that verifiers/format/json_schema.h lists. Values keep away from what it documents as different: numbers that are
not exact in binary are no multiples, and patterns are of the part that RE2 and Python's re share."""

import random

import common
import jsonschema

TEXTS = ["", "a", "ab", "abc", "Ann", "42", "été", "日本語", "a b", "x1"]
NUMBERS = [0, 1, -1, 2, 3, 7, 10, 1.0, 2.5, -0.5, 0.0, 1e3, 100000000000000000000, 4611686018427387905, 4611686018427387904.0]
PATTERNS = ["^a", "b$", "^[a-z]+$", "[0-9]", "^.{2}$", "é"]
NAMES = ["a", "b", "c", "x1", "name"]
TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]


def value(rng, depth=0):
    kind = rng.randrange(6 if depth < 3 else 4)
    if kind == 0:
        return rng.choice(TEXTS)
    if kind in (1, 2):
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.choice([True, False, None])
    if kind == 4:
        return [value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {name: value(rng, depth + 1) for name in rng.sample(NAMES, rng.randrange(4))}


KEYWORDS = {
    "type": lambda rng, d: rng.choice(TYPES) if rng.random() < 0.7 else rng.sample(TYPES, rng.randrange(1, 4)),
    "enum": lambda rng, d: [value(rng, 2) for _ in range(rng.randrange(1, 5))],
    "const": lambda rng, d: value(rng, 2),
    "minimum": lambda rng, d: rng.choice(NUMBERS),
    "maximum": lambda rng, d: rng.choice(NUMBERS),
    "exclusiveMinimum": lambda rng, d: rng.choice(NUMBERS),
    "exclusiveMaximum": lambda rng, d: rng.choice(NUMBERS),
    "multipleOf": lambda rng, d: rng.choice([1, 2, 3, 5.0]),
    "minLength": lambda rng, d: rng.randrange(4),
    "maxLength": lambda rng, d: rng.randrange(4),
    "pattern": lambda rng, d: rng.choice(PATTERNS),
    "items": lambda rng, d: schema(rng, d + 1),
    "prefixItems": lambda rng, d: [schema(rng, d + 1) for _ in range(rng.randrange(1, 4))],
    "minItems": lambda rng, d: rng.randrange(4),
    "maxItems": lambda rng, d: rng.randrange(4),
    "uniqueItems": lambda rng, d: rng.random() < 0.8,
    "contains": lambda rng, d: schema(rng, d + 1),
    "minContains": lambda rng, d: rng.randrange(3),
    "maxContains": lambda rng, d: rng.randrange(3),
    "properties": lambda rng, d: {name: schema(rng, d + 1) for name in rng.sample(NAMES, rng.randrange(1, 4))},
    "patternProperties": lambda rng, d: {rng.choice(PATTERNS): schema(rng, d + 1)},
    "additionalProperties": lambda rng, d: schema(rng, d + 1),
    "propertyNames": lambda rng, d: {"pattern": rng.choice(PATTERNS)},
    "required": lambda rng, d: rng.sample(NAMES, rng.randrange(3)),
    "dependentRequired": lambda rng, d: {rng.choice(NAMES): rng.sample(NAMES, rng.randrange(3))},
    "minProperties": lambda rng, d: rng.randrange(3),
    "maxProperties": lambda rng, d: rng.randrange(4),
    "allOf": lambda rng, d: [schema(rng, d + 1) for _ in range(rng.randrange(1, 3))],
    "anyOf": lambda rng, d: [schema(rng, d + 1) for _ in range(rng.randrange(1, 4))],
    "oneOf": lambda rng, d: [schema(rng, d + 1) for _ in range(rng.randrange(1, 4))],
    "not": lambda rng, d: schema(rng, d + 1),
    "if": lambda rng, d: schema(rng, d + 1),
    "then": lambda rng, d: schema(rng, d + 1),
    "else": lambda rng, d: schema(rng, d + 1),
    "title": lambda rng, d: "a title",
    "$ref": lambda rng, d: "#/$defs/one",
}
NESTED = {"items", "prefixItems", "contains", "properties", "patternProperties", "additionalProperties", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"}


def schema(rng, depth=0):
    if rng.random() < 0.1:
        return rng.random() < 0.7
    names = [name for name in KEYWORDS if depth < 3 or name not in NESTED]
    return {name: KEYWORDS[name](rng, depth) for name in rng.sample(names, rng.randrange(1, 4))}


def cases(rng):
    for keyword in list(KEYWORDS) * 6:
        root = {keyword: KEYWORDS[keyword](rng, 0)}
        more = schema(rng, 1)
        root.update(more if isinstance(more, dict) and rng.random() < 0.4 else {})
        root["$defs"] = {"one": {"type": rng.choice(TYPES)}}
        jsonschema.Draft202012Validator.check_schema(root)
        validator = jsonschema.Draft202012Validator(root)
        instances = [value(rng) for _ in range(60)]
        right = [one for one in instances if validator.is_valid(one)][:2]
        wrong = [one for one in instances if not validator.is_valid(one)][:2]
        for one, valid in [(one, True) for one in right] + [(one, False) for one in wrong]:
            yield {"schema": root, "value": one, "valid": valid}


def main():
    common.require_versions("jsonschema")
    rng = random.Random(1)
    rows = list(cases(rng))
    common.write_json_lines("json_schema/cases.jsonl", rows)
    print(len(rows), "cases,", sum(row["valid"] for row in rows), "of them valid")


main()
