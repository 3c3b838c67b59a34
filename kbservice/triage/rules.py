"""The profile's own phrases, found in a ticket: priority rules and day-zero keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from kbservice.profiles.schema import PriorityRule, Profile
from kbservice.profiles.wording import Phrases
from kbservice.text.normalise import fold
from kbservice.triage.classifier import Evidence, TicketText

_NEGATED = re.compile(r"(?:没有|沒有|并非|不是|无需|不会|未|no|not|without)\s*$")


def mentions(ticket: TicketText, phrases: Iterable[str]) -> Iterator[tuple[str, int, int, str]]:
    """Yield (field, start, end, phrase) of each phrase that title or body says."""
    for field, text in (("title", ticket.title), ("body", ticket.body)):
        if not text:
            continue
        folded = fold(text)
        lowered = folded.text.lower()
        for phrase in phrases:
            match = _pattern(phrase).search(lowered)
            if match and not _NEGATED.search(lowered[max(0, match.start() - 8) : match.start()]):
                start, end = folded.span(match.start(), match.end())
                yield field, start, end, phrase


def fired_rules(profile: Profile, ticket: TicketText) -> list[tuple[PriorityRule, Evidence]]:
    """Return the priority rules whose phrases the ticket says, with the place."""
    fired = []
    for rule in profile.priority_rules:
        for field, start, end, _ in mentions(ticket, _all(rule.phrases)):
            text = (ticket.title if field == "title" else ticket.body)[start:end]
            place = Evidence(
                source="rule", text=text, weight=1.0, field=field, start=start, end=end
            )
            fired.append((rule, place))
            break
    return fired


def _all(phrases: Phrases) -> tuple[str, ...]:
    return phrases.all


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    """English phrases stand alone but may touch Chinese; Chinese ones stand anywhere."""
    escaped = re.escape(phrase.lower()).replace(r"\ ", r"\s+")
    return re.compile(rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if phrase.isascii() else escaped)
