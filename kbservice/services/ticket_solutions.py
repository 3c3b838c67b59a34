"""How an imported ticket was solved: text, our own record, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kbservice.errors import InvalidInput
from kbservice.services.cells import plain, read_moment, read_text
from kbservice.services.row_facts import LeftOver

OUTCOMES = ("solved", "workaround", "unsolved")
# 处理结果 of the S0 register, and the like: the solution column then tells what was tried.
_STILL_OPEN = (
    "待跟进",
    "升级",
    "未解决",
    "处理中",
    "待处理",
    "open",
    "pending",
    "new",
    "in progress",
)
IMPORT_AUTHOR = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSolution:
    """A resolution as a row states it.

    Attributes:
        article: The article's id, its source's or ours; empty for none.
        counts: This resolution has yet to count for the article. Our own exports carry
            the counts on the article.
    """

    summary: str
    cause: str
    steps: str
    outcome: str
    article: str
    is_new_article: bool
    verification: tuple[dict[str, Any], ...]
    author: str
    created_at: datetime | None
    resolved_at: datetime | None
    counts: bool


def read_solution(
    fields: Mapping[str, Any],
    moments: Mapping[str, datetime | None],
    left: LeftOver,
    zone: ZoneInfo,
) -> ReadSolution | None:
    """Return the resolution, or None where the row says that there is none yet.

    Raises:
        InvalidInput: A value has the wrong shape.
    """
    given = fields.get("resolution")
    resolved_at = moments["resolved_at"] or moments["archived_at"]
    if isinstance(given, dict):
        return _own(given, fields, resolved_at, zone)
    texts = {
        "summary": read_text("resolution", given),
        "cause": read_text("cause", fields.get("cause")),
        "steps": read_text("steps", fields.get("steps")),
    }
    article = read_text("article_id", fields.get("article_id"))
    stated = [read_text(name, fields.get(name)).casefold() for name in ("result", "state")]
    is_open = any(text.startswith(_STILL_OPEN) for text in stated)
    told = bool(texts["summary"] or texts["steps"] or article or moments["resolved_at"])
    if is_open or not told:
        left.extra |= {f"{name}_so_far": text for name, text in texts.items() if text}
        return None
    return ReadSolution(
        **texts,
        outcome="solved",
        article=article,
        is_new_article=False,
        verification=(),
        author=IMPORT_AUTHOR,
        created_at=None,
        resolved_at=resolved_at,
        counts=bool(article),
    )


def _own(
    given: Mapping[str, Any],
    fields: Mapping[str, Any],
    resolved_at: datetime | None,
    zone: ZoneInfo,
) -> ReadSolution:
    """Read the structured form that our exports hold."""
    article = read_text("article_id", fields.get("article_id"))
    outcome = read_text("resolution.outcome", given.get("outcome")) or "solved"
    if outcome not in OUTCOMES:
        raise InvalidInput.of("resolution.outcome", " | ".join(OUTCOMES), outcome)
    checks = given.get("verification") or []
    return ReadSolution(
        summary=str(given.get("summary") or ""),
        cause=str(given.get("cause") or ""),
        steps=str(given.get("steps") or ""),
        outcome=outcome,
        article=article,
        is_new_article=given.get("is_new_article") is True,
        verification=tuple(plain(item) for item in checks if isinstance(item, dict)),
        author=read_text("resolution.author", given.get("author"), limit=80) or IMPORT_AUTHOR,
        created_at=read_moment(given.get("created_at"), zone),
        resolved_at=resolved_at,
        counts="author" not in given and bool(article),
    )
