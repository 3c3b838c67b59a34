"""Turns import rows into articles: sections, hygiene, what changed since the last import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kbservice.domain.article import SECTIONS, Article, ArticleState, Visibility
from kbservice.errors import InvalidInput
from kbservice.services.cells import plain, read_list, read_moment, read_text
from kbservice.services.columns import ARTICLE_COLUMNS
from kbservice.services.row_facts import (
    SOURCE_KEY,
    LeftOver,
    changed_attributes,
    fingerprint,
    short_title,
)
from kbservice.services.rows import Row
from kbservice.text.hygiene import Removal, clean
from kbservice.text.languages import language_of
from kbservice.text.redaction import redact

VERIFICATIONS = ("unverified", "internal", "user")
_MAX_TITLE = 500
_LIMITS = {"category": 100, "product": 100, "version": 100, "kind": 50, "url": 1000}
_URL_SAFE = re.compile(r"^[\w.:@~-]{1,120}$")
_FILE_MARK = re.compile(r"\.\w{2,4}\s?VIP$")
# Articles and tickets share one index: an article must not sit on a ticket's number.
_TICKET_NUMBER = re.compile(r"^[A-Z]{0,4}-?\d{6,8}-?\d{3,}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadArticle:
    """What one row says of an article.

    Attributes:
        own_id: The id to use; empty where the source's id does not fit an address.
        attributes: Values of the columns that the row fills.
        record: What only our own exports hold: state, revision, evidence; empty for others.
        removals: What hygiene took out.
    """

    source_id: str
    own_id: str
    attributes: Mapping[str, Any]
    created_at: datetime | None
    updated_at: datetime | None
    record: Mapping[str, Any]
    removals: tuple[Removal, ...]
    warnings: tuple[str, ...]
    unknown: tuple[str, ...]

    def changes_to(self, article: Article) -> dict[str, Any]:
        """Return the attributes in which a stored article differs from the row."""
        if article.extra.get(SOURCE_KEY) == self.attributes["extra"][SOURCE_KEY]:
            # The source did not change since; what people edited here stays.
            return {}
        return changed_attributes(article, self.attributes, article.extra)


def read_article(row: Row, zone: ZoneInfo) -> ReadArticle:
    """Read one row.

    Raises:
        InvalidInput: A value has the wrong shape, or there is no text at all.
    """
    mapped = ARTICLE_COLUMNS.map(row.values)
    fields = mapped.fields
    left = LeftOver(mapped.unknown)
    record = fields.get("record")
    record = record if isinstance(record, dict) else {}
    text = _own_text(fields) if record else _clean_text(fields, left)
    attributes = {
        "title": text.title,
        **text.sections,
        **_facts(fields),
        "language": _language(fields, text, is_own=bool(record)),
        **_choices(fields, left),
    }
    if text.removals:
        left.extra["removed"] = [_removal(item) for item in text.removals]
    if findings := redact("\n".join((text.title, *text.sections.values()))).findings:
        left.warnings.append(f"personal data in the text: {len(findings)}")
    moments = {name: left.moment(name, fields, zone) for name in ("created_at", "updated_at")}
    left.take(fields.get("extra"))
    attributes["extra"] = {**left.extra, SOURCE_KEY: fingerprint(row.values)}
    source_id, own_id = _ids(fields, row)
    return ReadArticle(
        source_id=source_id,
        own_id=own_id,
        attributes=attributes,
        **moments,
        record=_record(record, zone),
        removals=text.removals,
        warnings=(*row.warnings, *left.warnings, *text.alarms),
        unknown=tuple(mapped.unknown),
    )


def new_article(read: ReadArticle, article_id: str, *, publish: bool, now: datetime) -> Article:
    """Return the article that a first import makes; published if so asked."""
    created_at = read.created_at or read.updated_at or now
    draft = {
        "state": ArticleState.DRAFT,
        "visibility": Visibility.PUBLIC,
        "verification": "unverified",
        "revision": 1,
    }
    made = Article(
        **{
            "id": article_id,
            "source_id": read.source_id,
            **draft,
            "created_at": created_at,
            "updated_at": read.updated_at or created_at,
            **read.record,
            **read.attributes,
        }
    )
    if publish and made.state == ArticleState.DRAFT:
        made.state = ArticleState.PUBLISHED
        made.published_at = now
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    title: str
    sections: Mapping[str, str]
    removals: tuple[Removal, ...] = ()
    alarms: tuple[str, ...] = ()


def _own_text(fields: Mapping[str, Any]) -> _Text:
    """Take the texts of our own export as they stand."""
    sections = fields.get("sections")
    title = fields.get("title")
    if not isinstance(sections, dict) or not isinstance(title, str):
        raise InvalidInput.of("record", "a row of our own export", "no title or sections")
    return _Text(title=title, sections={n: str(sections[n]) for n in SECTIONS if n in sections})


def _clean_text(fields: Mapping[str, Any], left: LeftOver) -> _Text:
    cleaned = {name: clean(text) for name, text in _sections(fields, left).items()}
    sections = {name: item.text for name, item in cleaned.items() if item.text.strip()}
    if not sections:
        raise InvalidInput.of("text", "a text or at least one section", "nothing")
    removals = tuple(removal for item in cleaned.values() for removal in item.removals)
    # A portal's file name line ("….docVIP") is no text, but it is the document's title.
    named = [_FILE_MARK.sub("", cut.text.strip()) for cut in removals if cut.kind == "title"]
    fallback = next(filter(None, named), "") or short_title(next(iter(sections.values())))
    return _Text(
        title=_title(fields, fallback, left),
        sections=sections,
        removals=removals,
        alarms=tuple(str(warning) for item in cleaned.values() for warning in item.warnings),
    )


def _sections(fields: Mapping[str, Any], left: LeftOver) -> dict[str, str]:
    given = fields.get("sections") or {}
    if not isinstance(given, dict):
        raise InvalidInput.of("sections", "an object of texts", type(given).__name__)
    left.extra |= {f"sections.{n}": plain(v) for n, v in given.items() if n not in SECTIONS}
    found = {
        name: read_text(name, given.get(name)) or read_text(name, fields.get(name))
        for name in SECTIONS
    }
    if text := read_text("text", fields.get("text")):
        place = "problem" if found["solution"] and not found["problem"] else "solution"
        found[place] = "\n\n".join(part for part in (found[place], text) if part)
    return {name: text for name, text in found.items() if text}


def _title(fields: Mapping[str, Any], fallback: str, left: LeftOver) -> str:
    stated = clean(read_text("title", fields.get("title"))).text
    title = " ".join(stated.split()) or fallback
    if len(title) > _MAX_TITLE:
        left.extra["full_title"] = title
        title = title[: _MAX_TITLE - 1] + "…"
    return title


def _facts(fields: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: text
        for name, limit in _LIMITS.items()
        if (text := read_text(name, fields.get(name), limit=limit))
    }
    if tags := read_list("tags", fields.get("tags")):
        found["tags"] = tags
    return found


def _language(fields: Mapping[str, Any], text: _Text, *, is_own: bool) -> str:
    stated = read_text("language", fields.get("language")).replace("_", "-")
    code = stated.partition("-")[0].lower()
    if code or is_own:
        return code[:10]
    return language_of("\n".join((text.title, *text.sections.values())))


def _choices(fields: Mapping[str, Any], left: LeftOver) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    allowed = {"visibility": tuple(Visibility), "verification": VERIFICATIONS}
    for name, values in allowed.items():
        stated = read_text(name, fields.get(name))
        if stated in values:
            chosen[name] = stated
        elif stated:
            left.keep(name, stated, " | ".join(values))
    return chosen


def _record(record: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return the columns that only our own exports fill.

    Raises:
        InvalidInput: One of them is malformed.
    """
    if not record:
        return {}
    revision, state = record.get("revision"), record.get("state")
    if not isinstance(revision, int) or revision < 1 or state not in tuple(ArticleState):
        raise InvalidInput.of("record", "a state and a revision", f"{state}, {revision}")
    counts = {name: record.get(name, 0) for name in ("solved", "failed")}
    return {
        "state": ArticleState(state),
        "revision": revision,
        "published_at": read_moment(record.get("published_at"), zone),
        "last_success_at": read_moment(record.get("last_success_at"), zone),
        "symptoms": [str(item) for item in record.get("symptoms", ())],
        **{f"{name}_count": max(0, int(count)) for name, count in counts.items()},
    }


def _ids(fields: Mapping[str, Any], row: Row) -> tuple[str, str]:
    stated = read_text("id", fields.get("id"), limit=200)
    source_id = read_text("source_id", fields.get("source_id"), limit=400) or stated
    fits = _URL_SAFE.match(stated) and not _TICKET_NUMBER.match(stated)
    return source_id or f"row:{fingerprint(row.values)[:32]}", stated if fits else ""


def _removal(item: Removal) -> dict[str, str]:
    return {"kind": str(item.kind), "text": item.text}
