"""What typeahead completes with, held in memory and following the store's changes.

The bulk is read once for each index generation. What changed since lies over it in a small
set of its own, so that following a change costs as much as the change, not as the bulk.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.search.completion import Completion, Completions, Gathered, merged
from kbservice.store import wording as store
from kbservice.store.database import Database
from kbservice.store.wording import Wording
from kbservice.text.atoms import stem

_CODE = re.compile(
    r"(?<![A-Za-z0-9_.\-])(?=[A-Za-z_\-]{0,23}[0-9])(?=[0-9_\-]{0,23}[A-Za-z])"
    r"[A-Za-z0-9][A-Za-z0-9_\-]{2,22}[A-Za-z0-9](?![A-Za-z0-9_.\-])"
)
_WORD = re.compile(r"[A-Za-z]{4,30}")
_CODES_PER_DOCUMENT = 4
_SYMPTOMS_PER_ARTICLE = 10
_LONGEST = 80
# A change is committed after its time was taken; look back this far.
_OVERLAP = timedelta(minutes=2)
_FEW = 500
# Of articles the most useful ones, of tickets the latest.
_DOCUMENTS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocal:
    """Completions of what everybody may see, and of the rest."""

    public: Completions
    internal: Completions

    def complete(self, typed: str, limit: int, *, is_staff: bool) -> list[Completion]:
        """Return ways to go on that this kind of reader may see."""
        found = self.public.complete(typed, limit)
        return found + self.internal.complete(typed, limit) if is_staff else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordings:
    """All there is to complete with at one moment; unchanging.

    Attributes:
        changed: Ids whose entries in ``bulk`` no longer hold.
        surfaces: English stems with the word that they are mostly written as.
        generation: The index generation that ``bulk`` was read for.
        read_at: When the bulk was read.
    """

    bulk: Vocal
    fresh: Vocal
    changed: frozenset[str]
    surfaces: Mapping[str, str]
    generation: int
    read_at: datetime

    def complete(self, typed: str, limit: int, *, is_staff: bool) -> list[Completion]:
        """Return ways to go on, best first: what begins so before what holds it."""
        kept = [
            entry
            for entry in self.bulk.complete(typed, 2 * limit, is_staff=is_staff)
            if entry.id not in self.changed
        ]
        fresh = self.fresh.complete(typed, limit, is_staff=is_staff)
        return merged((fresh, kept), typed, limit)


class WordingReader:
    """Reads the wordings of the store, all of them or what changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, previous: Wordings | None, generation: int) -> Wordings:
        """Return the wordings as of now."""
        with self._database.reading() as session:
            if previous is not None and previous.generation == generation:
                changed = list(_wordings(session, previous.read_at - _OVERLAP))
                if len(changed) < _FEW:
                    return _followed(previous, changed)
            return self._whole(session, generation)

    def _whole(self, session: Session, generation: int) -> Wordings:
        read_at = self._clock.now()
        words: Counter[str] = Counter()
        return Wordings(
            bulk=_vocal(_counting(_wordings(session, None), words)),
            fresh=_vocal(()),
            changed=frozenset(),
            surfaces=_surfaces(words),
            generation=generation,
            read_at=read_at,
        )


def _followed(previous: Wordings, changed: list[Wording]) -> Wordings:
    return Wordings(
        bulk=previous.bulk,
        fresh=_vocal(changed),
        changed=frozenset(wording.id for wording in changed),
        surfaces=previous.surfaces,
        generation=previous.generation,
        read_at=previous.read_at,
    )


def _wordings(session: Session, since: datetime | None) -> Iterator[Wording]:
    limit = _DOCUMENTS if since is None else _FEW
    yield from store.article_wordings(session, since, limit)
    yield from store.ticket_wordings(session, since, limit)


def _counting(wordings: Iterable[Wording], words: Counter[str]) -> Iterator[Wording]:
    for wording in wordings:
        for text in _texts(wording):
            words.update(map(str.lower, _WORD.findall(text)))
        yield wording


def _vocal(wordings: Iterable[Wording]) -> Vocal:
    public, internal = Gathered(), Gathered()
    for wording in wordings:
        if wording.is_searched:
            own = public if wording.is_public else internal
            for entry in _said(wording):
                own.take(entry)
            # Tickets that a public article solved are still other people's tickets.
            for entry in _heard(wording):
                internal.take(entry)
    return Vocal(public=Completions(public), internal=Completions(internal))


def _said(wording: Wording) -> Iterator[Completion]:
    """Yield what an article or ticket itself says."""
    weight = wording.solved_count
    yield Completion(
        text=_line(wording.title),
        kind="article" if wording.is_article else "ticket",
        id=wording.id,
        weight=weight + wording.is_article,
    )
    yield from _codes(wording, wording.title, wording.problem)


def _heard(wording: Wording) -> Iterator[Completion]:
    """Yield what the tickets said that an article solved."""
    for symptom in wording.symptoms[-_SYMPTOMS_PER_ARTICLE:]:
        yield Completion(
            text=_line(symptom), kind="wording", id=wording.id, weight=wording.solved_count
        )
    yield from _codes(wording, *wording.symptoms)


def _codes(wording: Wording, *texts: str) -> Iterator[Completion]:
    codes = dict.fromkeys(code for text in texts for code in _CODE.findall(text))
    for code in list(codes)[:_CODES_PER_DOCUMENT]:
        yield Completion(text=code, kind="code", id=wording.id, weight=wording.solved_count)


def _texts(wording: Wording) -> tuple[str, ...]:
    return (wording.title, *wording.symptoms, wording.problem)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]


def _surfaces(words: Counter[str]) -> dict[str, str]:
    best: dict[str, str] = {}
    for word, _ in sorted(words.items(), key=lambda item: (item[1], item[0])):
        best[stem(word)] = word
    return best
