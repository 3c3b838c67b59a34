"""The latest tickets of one profile in memory, to see what a new one has in common with them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

from kbservice.radar.terms import Terms

KEPT: Final = 2_000
ALIKE: Final = 0.4
"""Least likeness of two reports of the same trouble in different words."""
RELATED: Final = 0.25
"""Least likeness of two reports that may be about the same trouble: two of six words in common."""
# While little is known, a word that several tickets share is no common word yet.
_AS_IF_KNOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A ticket as the stream remembers it.

    Attributes:
        at_s: When it was opened, in seconds.
        requester: Who asked; equal texts for the same person.
        is_arrival: Whether it came when it was opened. An imported one did not: it tells what is
            usual, and is no sign of what happens now.
    """

    ticket_id: int
    at_s: float
    requester: str
    terms: Terms
    is_arrival: bool = True

    def came_since(self, moment_s: float) -> bool:
        """Whether it came in at that moment or later."""
        return self.is_arrival and self.at_s >= moment_s


@dataclass(frozen=True, slots=True)
class Alike:
    """A report and how much it resembles the one that was asked about, 0-1."""

    report: Report
    likeness: float


class Stream:
    """Up to ``KEPT`` reports with an index of their words.

    Attributes:
        last_id: Id of the latest ticket; 0 where there is none.
    """

    def __init__(self) -> None:
        self._reports: deque[Report] = deque()
        self._holders: defaultdict[int, deque[int]] = defaultdict(deque)
        self._first = 0
        self._known: set[int] = set()
        self.last_id = 0

    def __contains__(self, ticket_id: int) -> bool:
        return ticket_id in self._known

    def __len__(self) -> int:
        return len(self._reports)

    @property
    def reports(self) -> Iterable[Report]:
        """What is remembered, oldest first."""
        return self._reports

    def add(self, report: Report) -> None:
        """Remember a report, once; the oldest is forgotten beyond ``KEPT``."""
        if report.ticket_id in self._known:
            return
        self._known.add(report.ticket_id)
        self.last_id = max(self.last_id, report.ticket_id)
        if len(self._reports) == KEPT:
            self._forget()
        place = self._first + len(self._reports)
        self._reports.append(report)
        for term in report.terms.tolist():
            self._holders[term].append(place)

    def alike(self, terms: Terms, least: float = ALIKE) -> list[Alike]:
        """Return the reports about the same thing, oldest first.

        Rare words count more than common ones; how long a report is does not count.
        """
        wanted = terms.tolist()
        weights = {term: self._weight(term) for term in wanted}
        whole = sum(weights.values())
        shared: defaultdict[int, float] = defaultdict(float)
        for term in wanted:
            for place in self._holders.get(term, ()):
                shared[place] += weights[term]
        found = []
        for place, common in sorted(shared.items()):
            # The cosine is at most this: most places need no second look.
            if common < least * least * whole:
                continue
            report = self._reports[place - self._first]
            own = sum(self._weight(term) for term in report.terms.tolist())
            likeness = common / sqrt(whole * own) if own else 0.0
            if likeness >= least:
                found.append(Alike(report, likeness))
        return found

    def _weight(self, term: int) -> float:
        holders = self._holders.get(term)
        # Squared, as in a cosine of vectors of idf weights.
        known = len(self._reports) + _AS_IF_KNOWN
        return log(known / ((len(holders) if holders else 0) + 1)) ** 2

    def _forget(self) -> None:
        oldest = self._reports.popleft()
        self._known.discard(oldest.ticket_id)
        for term in oldest.terms.tolist():
            holders = self._holders[term]
            holders.popleft()
            if not holders:
                del self._holders[term]
        self._first += 1
