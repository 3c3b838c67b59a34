"""The contract of a view: what it takes and answers, checked and described as OpenAPI.

Wraps spectree: its validation and its document, with our problems for what is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast, get_type_hints

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from spectree import Response, SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData
from spectree.utils import get_multidict_items
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

import kbservice
from kbservice.errors import InvalidInput
from kbservice.web.api.schemas.base import FieldProblem, ProblemOut
from kbservice.web.context import translate
from kbservice.web.json import MalformedJson
from kbservice.web.problem import MEDIA_TYPE

View = Callable[..., ResponseReturnValue]

_GOT_LENGTH = 200
_EXPECTED: Mapping[str, str] = {
    "missing": "a value",
    "extra_forbidden": "no such field",
    "string_type": "text",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "too_long": "at most {max_length} items",
}


def _plain(name: str) -> str:
    """Return the name of a shape without the brackets of its parts."""
    return name.replace("[", "Of").replace("]", "")


def _refuse(_request: Any, _response: Any, error: Exception | None, *_rest: Any) -> None:
    if isinstance(error, ValidationError):
        raise refusal(error)


spec = SpecTree(
    "flask",
    title="kbservice",
    version=kbservice.__version__,
    description="Knowledge-base search with ticket triage. Errors are RFC 9457 problems.",
    mode="strict",
    before=_refuse,
    naming_strategy=lambda shape: _plain(shape.__name__),
    nested_naming_strategy=lambda _parent, child: _plain(child),
    validation_error_model=ProblemOut,
    security_schemes=[
        SecurityScheme(
            name="key",
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="An API key: kbservice accounts key NAME",
            ),
        )
    ],
    security=[{"key": []}],
)


def contract(
    *,
    tag: str,
    answers: type[BaseModel] | None = None,
    status: int = 200,
    is_written: bool = False,
) -> Callable[[Callable[..., object]], View]:
    """State what a view answers; what it takes are its arguments ``query`` and ``json``.

    Args:
        tag: Group in the document.
        answers: Shape of the body of a success; None: there is no body.
        status: Status of a success.
        is_written: The view takes a query and returns a response whose body it wrote itself;
            it is sent unread. A test has to compare it with ``answers``.
    """

    def decorate(view: Callable[..., object]) -> View:
        takes_body = "json" in view.__annotations__
        validated = spec.validate(
            resp=Response(**{f"HTTP_{status}": answers}), tags=(tag,), operation_id=view.__name__
        )(view)
        if is_written:
            return _asked_only(validated, view)

        @wraps(validated)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if takes_body:
                _demand_object()
            answer: ResponseReturnValue = validated(*args, **kwargs)
            return answer

        return guarded

    return decorate


def _asked_only(validated: View, view: Callable[..., object]) -> View:
    """Return the view with its query checked, and its answer left alone."""
    shape = get_type_hints(view)["query"]

    @wraps(validated)
    def asked() -> ResponseReturnValue:
        try:
            query = shape.model_validate(get_multidict_items(request.args, shape))
        except ValidationError as error:
            raise refusal(error) from error
        answer = view(query=query)
        return cast("ResponseReturnValue", answer)

    return asked


def _demand_object() -> None:
    """Refuse a body that is not one JSON object.

    Raises:
        UnsupportedMediaType: It says that it is something else.
        BadRequest: It is malformed, or another kind of value.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        value = request.json
    except BadRequest as error:
        reason = error.__cause__ or error.__context__
        raise BadRequest(str(reason) if isinstance(reason, MalformedJson) else None) from error
    if not isinstance(value, dict):
        raise BadRequest("The body must be one JSON object")


def refusal(error: ValidationError) -> InvalidInput:
    """Return the problem that names each wrong place, the first one in the message."""
    is_query = not request.is_json or error.title.endswith("Query")
    places = [_place(item, is_query=is_query) for item in error.errors(include_url=False)]
    first = places[0]
    refused = InvalidInput.of(_field(first), first.expected, first.got)
    refused.facts["errors"] = [place.model_dump() for place in places]
    return refused


def _place(item: Mapping[str, Any], *, is_query: bool) -> FieldProblem:
    path = [str(step).replace("~", "~0").replace("/", "~1") for step in item["loc"]]
    pointer = "?" + ".".join(path[:1]) if is_query else "".join(f"/{step}" for step in path)
    template = _EXPECTED.get(item["type"])
    if template is None:
        expected = str(item["msg"])
    else:
        # Pydantic lists choices in English: 'a', 'b' or 'c'.
        facts = {
            name: value.replace(" or ", ", ") if name == "expected" else value
            for name, value in item.get("ctx", {}).items()
        }
        expected = translate(template, **facts) if "{" in template else translate(template)
    got = None if item["type"] == "missing" else str(item.get("input"))[:_GOT_LENGTH]
    return FieldProblem(pointer=pointer, expected=expected, got=got)


def _field(place: FieldProblem) -> str:
    return place.pointer.lstrip("/?").replace("/", ".")


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the application at hand."""
    found: dict[str, Any] = dict(spec.spec)
    found["paths"] = {
        path: {method: _completed(operation) for method, operation in sorted(item.items())}
        for path, item in sorted(found["paths"].items())
    }
    found["components"] = {
        **found["components"],
        "schemas": dict(sorted(found["components"]["schemas"].items())),
    }
    found["servers"] = [{"url": "/"}]
    return found


def _completed(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Add what every operation answers with when something is wrong."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    successes = {
        code: answer for code, answer in operation["responses"].items() if code.startswith("2")
    }
    return {
        **operation,
        "responses": {**successes, "default": {"description": "A problem", "content": problem}},
    }
