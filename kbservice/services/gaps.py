"""What no article answers: shown to leads, written about or dismissed."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from typing import Final, Literal

import structlog

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.radar import EmptySearch, Gap, GapState
from kbservice.errors import Conflict, NotFound, Unavailable
from kbservice.store import articles, audit
from kbservice.store import gaps as store
from kbservice.store.database import Database
from kbservice.store.inserting import insert
from kbservice.text.normalise import fold_text
from kbservice.text.redaction import redact

log = structlog.get_logger(__name__)

Source = Literal["tickets", "search"]
Settled = Literal["written", "dismissed"]

_NUMBERS: Final = 10
_MAX_CHARACTERS: Final = 200
_ACCOUNTS: Final = 3
# Reloading a page is not asking again.
_AGAIN: Final = timedelta(minutes=10)
_OF_SEARCH: Final = "q-"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeGap:
    """Something that is asked, and that no article answers.

    Attributes:
        id: Of either source: ``17``, ``q-5f3c…``.
        title: A requester's own words.
        words: How others put it.
        count: Tickets, or how often it was searched.
        reasons: Why the tickets count as badly served, with how many.
        tickets: Numbers of the latest ones.
    """

    id: str
    source: Source
    title: str
    words: tuple[str, ...]
    count: int
    reasons: Mapping[str, int]
    tickets: tuple[str, ...]
    first_at: datetime
    last_at: datetime


class GapDesk:
    """Shows gaps, takes in what leads do about them, and notes searches that found nothing."""

    def __init__(self, *, database: Database, key: bytes, clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def note_search(self, words: str, principal: Principal) -> None:
        """Remember that a search found nothing; who asked is kept as a digest only."""
        text = " ".join(redact(words).text.split())[:_MAX_CHARACTERS]
        if not text:
            return
        try:
            self._note(text, principal)
        except (Conflict, Unavailable) as error:
            log.warning("empty_search_not_noted", reason=str(error))

    def listed(self, principal: Principal) -> list[KnowledgeGap]:
        """Return open gaps, those of tickets first, the largest first."""
        principal.demand(Role.LEAD)
        with self._database.reading() as session:
            found = store.listed(session)
            numbers = store.numbers(session, [gap.id for gap in found], _NUMBERS)
            searches = store.empty_searches(session)
            return [
                *(_of_tickets(gap, numbers.get(gap.id, [])) for gap in found),
                *map(_of_search, searches),
            ]

    def get(self, gap_id: str, principal: Principal) -> KnowledgeGap:
        """Return one open gap.

        Raises:
            NotFound: There is none such, or somebody settled it.
        """
        for found in self.listed(principal):
            if found.id == gap_id:
                return found
        raise NotFound("There is no such gap: {id}", id=gap_id)

    def settle(
        self, gap_id: str, said: Settled, principal: Principal, *, article_id: str = ""
    ) -> None:
        """Close a gap: an article was written, or none is needed.

        Tickets of the same kind do not open it again.

        Raises:
            NotFound: There is no such gap, or no such article.
        """
        principal.demand(Role.LEAD)
        with self._database.transaction() as session:
            if article_id:
                articles.get(session, article_id)
            gap: Gap | EmptySearch | None
            if gap_id.startswith(_OF_SEARCH):
                gap = store.empty_search(session, gap_id.removeprefix(_OF_SEARCH))
            else:
                gap = store.gap(session, int(gap_id)) if gap_id.isdecimal() else None
            if gap is None:
                raise NotFound("There is no such gap: {id}", id=gap_id)
            gap.state = GapState(said)
            gap.settled_by = principal.name
            gap.article_id = article_id or None
            audit.append(
                session,
                actor=principal.name,
                action=f"gap_{said}",
                subject=f"gap:{gap_id}",
                facts={"article": article_id} if article_id else {},
                now=self._clock.now(),
            )

    def _note(self, text: str, principal: Principal) -> None:
        now = self._clock.now()
        digest = blake2b(fold_text(text).lower().encode(), digest_size=16).hexdigest()
        account = hmac.new(self._key, f"asker\n{principal.name}".encode(), sha256).hexdigest()[:16]
        with self._database.transaction() as session:
            known = store.empty_search(session, digest)
            if known is None:
                search = EmptySearch(
                    digest=digest,
                    words=text,
                    accounts=[account],
                    is_public=not principal.is_staff,
                    first_at=now,
                    last_at=now,
                )
                insert(session, search, Conflict("Somebody else noted it"))
                return
            if account in known.accounts and now - known.last_at < _AGAIN:
                return
            known.times += 1
            known.last_at = now
            known.is_public = known.is_public or not principal.is_staff
            known.accounts = list(dict.fromkeys([*known.accounts, account]))[:_ACCOUNTS]
            if known.state == GapState.FEW:
                # What was found meanwhile is gone again.
                known.state = GapState.OPEN


def _of_tickets(gap: Gap, numbers: list[str]) -> KnowledgeGap:
    return KnowledgeGap(
        id=str(gap.id),
        source="tickets",
        title=gap.title,
        words=tuple(gap.words),
        count=gap.tickets,
        reasons={name: int(count) for name, count in gap.reasons.items()},
        tickets=tuple(numbers),
        first_at=gap.first_at,
        last_at=gap.last_at,
    )


def _of_search(search: EmptySearch) -> KnowledgeGap:
    return KnowledgeGap(
        id=f"{_OF_SEARCH}{search.digest}",
        source="search",
        title=search.words,
        words=(),
        count=search.times,
        reasons={},
        tickets=(),
        first_at=search.first_at,
        last_at=search.last_at,
    )
