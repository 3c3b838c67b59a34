"""JSON at the edge: written fast, read strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson
from flask.json.provider import JSONProvider

MAX_DEPTH = 32
# What every reader of JSON can hold: 64 bits.
_MAX_INTEGER = 2**63 - 1


class MalformedJson(ValueError):
    """A body that is no JSON, or JSON that readers disagree about; says why."""


class StrictJson(JSONProvider):
    """Flask's JSON, with orjson to write and every ambiguity refused on reading."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Write ``obj``; times as ISO 8601, keys as text."""
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS, default=str).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """Read JSON.

        Raises:
            MalformedJson: Not JSON in UTF-8, nested too deep, or with repeated keys, NaN,
                infinity, NUL characters or lone surrogates.
        """
        try:
            text = s.decode("utf-8") if isinstance(s, bytes) else s
            value = json.loads(text, object_pairs_hook=_unrepeated, parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise MalformedJson("The body is not UTF-8") from error
        except RecursionError as error:
            raise MalformedJson("The body is nested too deep") from error
        except MalformedJson:
            raise
        except ValueError as error:
            # Not only JSONDecodeError: Python refuses numbers of thousands of digits so.
            raise MalformedJson("The body is not JSON") from error
        _check(value)
        return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedJson("The body repeats a key")
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise MalformedJson("NaN and infinity are not JSON")


def _check(value: Any) -> None:
    """Walk without recursion: what comes here may be nested to harm."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        if not level:
            return
        deeper: list[Any] = []
        for item in level:
            deeper.extend(_children(item))
            _check_leaf(item)
        level = deeper
    if level:
        raise MalformedJson("The body is nested too deep")


def _children(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return (*item.keys(), *item.values())
    return item if isinstance(item, list) else ()


def _check_leaf(item: Any) -> None:
    if isinstance(item, float) and not math.isfinite(item):
        raise MalformedJson("NaN and infinity are not JSON")
    if isinstance(item, int) and not -_MAX_INTEGER <= item <= _MAX_INTEGER:
        raise MalformedJson("A number is too large")
    if isinstance(item, str) and "\0" in item:
        raise MalformedJson("The body holds a NUL character")
    if isinstance(item, str) and any("\ud800" <= character <= "\udfff" for character in item):
        raise MalformedJson("The body holds a lone surrogate")
