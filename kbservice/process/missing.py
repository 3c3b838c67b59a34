"""Which details a ticket still lacks, and how to ask for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from kbservice.text.normalise import fold_text, opening

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from kbservice.profiles.schema import Profile, RequiredDetail
    from kbservice.profiles.wording import Bilingual, Phrases

# Characters read; what stands between them in a longer text is logs.
_START: Final = 8_000
_END: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One wording in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, words: Bilingual) -> Wording:
        """Copy the wording of a profile."""
        return cls(zh=words.zh, en=words.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A detail to ask for; plain dataclasses throughout, so that it turns into JSON as it is."""

    field: str
    labels: Wording
    question: Wording
    example: Wording | None = None


def missing_details(
    profile: Profile,
    kind: str | None,
    title: str,
    body: str,
    given: Mapping[str, str],
    skipped: Container[str] = (),
) -> tuple[Missing, ...]:
    """Return what this kind of ticket needs and neither its text nor ``given`` has.

    In the profile's order, the most useful first. Where the kind is not known, nothing is asked;
    nor is what the requester would not answer (``skipped``).

    Raises:
        NotFound: The profile has no such kind.
    """
    if kind is None:
        return ()
    text = _read(f"{title}\n{body}")
    phrases = {rule.value: rule.phrases for rule in profile.priority_rules}
    return tuple(
        Missing(
            field=detail.field,
            labels=Wording.of(detail.labels),
            question=Wording.of(detail.question),
            example=Wording.of(detail.example) if detail.example else None,
        )
        for detail in profile.kind(kind).required
        if detail.field not in skipped
        and not _is_filled(detail, given)
        and not _is_told(detail, text)
        and not any(_is_said(phrases[rule], text.lower()) for rule in detail.told_by)
    )


def answered(body: str, name: str, answer: str) -> str:
    """Return a ticket's text with an answer under the name of its detail, where it is found again."""
    return f"{body.rstrip()}\n{name}: {answer.strip()}".lstrip()


def _read(text: str) -> str:
    """Return the folded text; of a very long one the start, and the end, where answers are added."""
    start = opening(text, _START)
    end = text[len(start) :][-_END:]
    return f"{fold_text(start)}\n{fold_text(end)[-_END:]}" if end else fold_text(start)


def _is_filled(detail: RequiredDetail, given: Mapping[str, str]) -> bool:
    return any(given.get(name, "").strip() for name in (detail.field, *detail.given))


def _is_told(detail: RequiredDetail, text: str) -> bool:
    lowered = text.lower()
    return (
        any(_headed(name).search(lowered) for name in (detail.labels.zh, detail.labels.en))
        or _is_said(detail.keywords, lowered)
        or any(_pattern(pattern).search(text) for pattern in detail.patterns)
    )


def _is_said(phrases: Phrases, lowered: str) -> bool:
    return any(word in lowered for word in phrases.zh) or any(
        _word(word).search(lowered) for word in phrases.en
    )


@cache
def _word(word: str) -> re.Pattern[str]:
    """English words must stand alone: ``team`` is not in ``steam``, but may touch Chinese."""
    return re.compile(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])")


@cache
def _headed(name: str) -> re.Pattern[str]:
    """A line that begins with the detail's own name, such as ``软件版本: 3.4``."""
    # Blanks of the line only: over thousands of empty lines, each would be a place to start from.
    return re.compile(
        rf"^(?:[^\S\n]|[\-*#\[【])*{re.escape(fold_text(name).lower())}[\s\]】]*:\s*\S",
        re.MULTILINE,
    )


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
