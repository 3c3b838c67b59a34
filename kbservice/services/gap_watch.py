"""Looks for what tickets and searches ask again and again, and no article answers."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.radar import Gap, GapState
from kbservice.profiles.schema import Profile
from kbservice.radar.stream import KEPT, Report, Stream
from kbservice.services.profiles import ProfileBook
from kbservice.store import gaps as store
from kbservice.store.database import Database
from kbservice.store.gaps import Waiting
from kbservice.text.redaction import redact

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 600.0
_DAYS: Final = 90
_SEARCHES_KEPT: Final = 5_000
# So many are enough to find the one whose words the others share most.
_COMPARED: Final = 20
_WORDS: Final = 5
_LEAST_REQUESTERS: Final = 2


class GapWatch:
    """Gathers badly served tickets about the same thing into gaps."""

    def __init__(
        self,
        *,
        database: Database,
        profiles: ProfileBook,
        finds: Callable[[str, bool], bool],
        clock: Clock,
    ) -> None:
        """Keep the parts.

        Args:
            database: Holds the tickets.
            profiles: Say what badly served is.
            finds: Tells whether a search finds something by now, among public articles if True.
            clock: Says what is late.
        """
        self._database = database
        self._profiles = profiles
        self._finds = finds
        self._clock = clock
        self._streams: defaultdict[str, Stream] = defaultdict(Stream)
        self._looked_at_s = float("-inf")

    def tick(self) -> None:
        """Look every ten minutes."""
        if time.monotonic() - self._looked_at_s < _LOOK_EVERY_S:
            return
        self.look()
        self._looked_at_s = time.monotonic()

    def look(self) -> int:
        """Gather what is new, and close what was answered; how many gaps are open."""
        now = self._clock.now()
        since = now - timedelta(days=_DAYS)
        with self._database.transaction() as session:
            by_profile: defaultdict[str, list[Waiting]] = defaultdict(list)
            for row in store.waiting(session, since=since, now=now, limit=KEPT):
                if self._reasons(row, now):
                    by_profile[row.profile_key].append(row)
            members: defaultdict[int, list[Waiting]] = defaultdict(list)
            for key, rows in by_profile.items():
                for gap_id, of_gap in self._gathered(session, key, rows).items():
                    members[gap_id] += of_gap
            open_gaps = sum(
                self._renew(gap, members[gap.id], now) for gap in store.unsettled(session)
            )
            self._answered(session)
            store.forget_searches(session, before=since, kept=_SEARCHES_KEPT)
        return open_gaps

    def _reasons(self, row: Waiting, now: datetime) -> list[str]:
        slow_days = self._profile(row.profile_key).radar.slow_days
        due = row.due_at or row.opened_at + timedelta(days=slow_days)
        reasons = {
            # With the index down, nothing could be offered.
            "no_fix": row.no_fix and "index" not in row.degraded,
            "rejected": row.rejected,
            "unsolved": row.outcome == "unsolved",
            "slow": (row.resolved_at or now) > due,
        }
        return [name for name, holds in reasons.items() if holds]

    def _gathered(
        self, session: Session, key: str, rows: Sequence[Waiting]
    ) -> Mapping[int, list[Waiting]]:
        """Give each new ticket to the gap of its like, or begin a gap; all tickets by gap."""
        stream, rules = self._streams[key], self._profile(key).radar
        waiting = {row.ticket_id: row for row in rows}
        gap_of = {row.ticket_id: row.gap_id for row in rows if row.gap_id}
        for row in rows:
            if row.ticket_id in stream:
                continue
            report = _report(row)
            if row.ticket_id not in gap_of:
                alike = [
                    item for item in stream.alike(report.terms) if item.report.ticket_id in waiting
                ]
                known = [item for item in alike if item.report.ticket_id in gap_of]
                if known:
                    best = max(known, key=lambda item: item.likeness).report.ticket_id
                    gap = store.gap(session, gap_of[best])
                    store.gather(session, gap, [row.ticket_id])
                    gap_of[row.ticket_id] = gap.id
                else:
                    likes = [waiting[item.report.ticket_id] for item in alike]
                    gap_of |= self._begun(session, [*likes, row], rules.gap_tickets)
            stream.add(report)
        members: defaultdict[int, list[Waiting]] = defaultdict(list)
        for ticket_id, gap_id in gap_of.items():
            members[gap_id].append(waiting[ticket_id])
        return members

    def _begun(self, session: Session, rows: Sequence[Waiting], least: int) -> dict[int, int]:
        people = {row.requester for row in rows}
        if len(rows) < least or len(people) < _LEAST_REQUESTERS:
            return {}
        gap = Gap(
            profile_key=rows[-1].profile_key,
            title=_first_words(rows[-1]),
            first_at=rows[0].opened_at,
            last_at=rows[-1].opened_at,
        )
        session.add(gap)
        store.gather(session, gap, [row.ticket_id for row in rows])
        log.info("gap_found", gap_id=gap.id, tickets=len(rows))
        return {row.ticket_id: gap.id for row in rows}

    def _renew(self, gap: Gap, rows: Sequence[Waiting], now: datetime) -> bool:
        """Count a gap's tickets anew; whether it is open."""
        is_open = len(rows) >= self._profile(gap.profile_key).radar.gap_tickets
        gap.state = GapState.OPEN if is_open else GapState.FEW
        if rows and gap.tickets != len(rows):
            gap.title, *gap.words = self._told(gap.profile_key, rows)
        gap.tickets = len(rows)
        gap.reasons = dict(Counter(name for row in rows for name in self._reasons(row, now)))
        gap.last_at = max((row.opened_at for row in rows), default=gap.last_at)
        return is_open

    def _told(self, key: str, rows: Sequence[Waiting]) -> list[str]:
        """Return the tickets' own words, those first that the others share most."""
        latest = rows[-_COMPARED:]
        ids = {row.ticket_id for row in latest}
        shared = {
            row.ticket_id: sum(
                item.likeness
                for item in self._streams[key].alike(_report(row).terms, 0.1)
                if item.report.ticket_id in ids
            )
            for row in latest
        }
        ordered = sorted(latest, key=lambda row: -shared[row.ticket_id])
        return list(dict.fromkeys(_first_words(row) for row in ordered))[:_WORDS]

    def _answered(self, session: Session) -> None:
        """Close the searches that find something by now."""
        for search in store.empty_searches(session):
            if self._finds(search.words, search.is_public):
                search.state = GapState.FEW

    def _profile(self, key: str) -> Profile:
        return self._profiles.get(key)


def _report(row: Waiting) -> Report:
    return Report(
        ticket_id=row.ticket_id,
        at_s=row.opened_at.timestamp(),
        requester=row.requester,
        terms=np.frombuffer(row.terms, dtype=np.uint32),
    )


def _first_words(row: Waiting) -> str:
    return redact(row.title).text
