"""What all shapes share: strictness, bounded texts, pages, problems."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Locale = Literal["zh_CN", "zh", "en"]
Name = Annotated[str, Field(max_length=100)]
Label = Annotated[str, Field(max_length=50)]
Title = Annotated[str, Field(max_length=500)]
LongText = Annotated[str, Field(max_length=50_000)]
ShortText = Annotated[str, Field(max_length=5_000)]
Date = Annotated[
    str,
    Field(
        max_length=50,
        examples=["2026-01-31", "2026-01", "2026", "7d", "2026-01-31T08:30:00+08:00"],
    ),
]
Extra = Annotated[
    dict[
        Annotated[str, Field(max_length=100)],
        Annotated[str, Field(max_length=2_000)] | bool | int | float | None,
    ],
    Field(max_length=50),
]

T = TypeVar("T")


class In(BaseModel):
    """What a client sends; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(In):
    """Parameters of an address; every one takes the language of the answer."""

    locale: Locale | None = Field(None, description="Language of the answer's words")


class PageQuery(Query):
    """Parameters of a list."""

    after: str | None = Field(None, max_length=500, description="Cursor: `next` of the page before")
    limit: int = Field(20, ge=1, le=100, description="Items on the page")


class RefreshQuery(Query):
    """Parameters of a change that searches will see."""

    refresh: Literal["wait_for"] | None = Field(
        None, description="Answer only once searches see the change (at most 10 s)"
    )


class Out(BaseModel):
    """What the service answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class PageOut(Out, Generic[T]):
    """One page of a list; `next` is the cursor of the page after, null at the end."""

    items: list[T]
    next: str | None = None


class IndexStamp(Out):
    """Which index answered: its generation, and how far it lags behind the store."""

    generation: int
    lag_s: float
    complete: bool


class FieldProblem(Out):
    """What is wrong at one place of the request."""

    pointer: str = Field(description="JSON pointer into the body, or `?name` for a parameter")
    expected: str
    got: Any = None


class ProblemOut(BaseModel):
    """An error as RFC 9457 has it; facts of the kind of problem stand beside these members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    field: str | None = None
    expected: str | None = None
    got: str | None = None
    errors: list[FieldProblem] | None = None


def version_tag(version: int) -> str:
    """Return the ETag of a version of something editable."""
    return f'"{version}"'
