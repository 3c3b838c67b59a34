"""Watches what comes in: the same ticket again, and many people with the same trouble."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

import numpy as np
import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal
from kbservice.domain.radar import Incident, Sighting, Verdict
from kbservice.domain.ticket import Ticket
from kbservice.errors import Unavailable
from kbservice.profiles.schema import Profile
from kbservice.radar.bursts import Burst, BurstRule, burst
from kbservice.radar.shingles import Shingles, repeated
from kbservice.radar.stream import ALIKE, KEPT, RELATED, Alike, Report, Stream
from kbservice.radar.terms import terms_of
from kbservice.services.profiles import ProfileBook
from kbservice.services.sighting import Asked, Grouped, Repeat, Sighted, grouped, incident_rule
from kbservice.services.targets import set_due_times
from kbservice.store import audit, tickets
from kbservice.store import radar as store
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

_CANDIDATES: Final = 6
# As far back as gaps are looked for.
_CATCH_UP_DAYS: Final = 90
_CATCH_UP: Final = 200
_LOOK_EVERY_S: Final = 30.0
_FORGET_EVERY_S: Final = 3_600.0
# Another process may commit a lower number a little later: the last ones are read once more.
_OVERLAP: Final = 50
_SETTLES_S: Final = 1.0
_NEVER: Final = float("-inf")


class Radar:
    """Sees repeats and incidents, and notes every ticket for those that follow."""

    def __init__(
        self, *, database: Database, profiles: ProfileBook, key: bytes, clock: Clock
    ) -> None:
        self._database = database
        self._profiles = profiles
        self._key = key
        self._clock = clock
        self._lock = Lock()
        self._streams: dict[str, Stream] = {}
        self._settled_at_s: dict[str, float] = {}
        self._looked_at_s = self._forgot_at_s = _NEVER

    def tick(self) -> None:
        """Do the worker's share: note what was imported, end what is quiet; mostly does nothing."""
        if time.monotonic() - self._looked_at_s < _LOOK_EVERY_S:
            return
        self.end_quiet()
        if time.monotonic() - self._forgot_at_s >= _FORGET_EVERY_S and not self.forget():
            self._forgot_at_s = time.monotonic()
        # Where much was imported, the next look follows at once: the worker has other work between.
        if self.catch_up() < _CATCH_UP:
            self._looked_at_s = time.monotonic()

    def look(self, question: Asked, profile: Profile, principal: Principal) -> Sighted:
        """Return what the text has in common with the tickets of late; stores nothing.

        Whoever is not staff is told of repeats among the tickets of the own account only. With
        the store down nothing is seen.
        """
        title, body = question.title, question.body
        shingles = Shingles.of(title, body)
        seen = Sighted(
            requester=self._digest(question.requester or f"{principal.name}\n{title}\n{body}"),
            bands=tuple(shingles.bands),
            terms=terms_of(title, body),
            is_for_staff=principal.is_staff,
        )
        try:
            with self._database.reading() as session:
                noted = own = self._repeat(session, shingles, seen.bands, profile)
                if noted is not None and not principal.is_staff:
                    own = self._repeat(session, shingles, seen.bands, profile, principal.name)
                incident, silent = self._incident(session, seen, profile)
        except Unavailable as error:
            log.warning("radar_blind", reason=str(error))
            return seen
        return replace(
            seen, repeat=own, noted_repeat=noted, incident=incident, silent_incident=silent
        )

    def note(
        self, session: Session, ticket: Ticket, seen: Sighted, profile: Profile, account: str
    ) -> None:
        """Keep what was seen in the transaction that stores the ticket; open or join its incident."""
        repeat = seen.noted_repeat
        sighting = Sighting(
            ticket_id=ticket.id,
            profile_key=ticket.profile_key,
            account=account,
            requester=seen.requester,
            terms=seen.terms.tobytes(),
            duplicate_of_id=repeat.ticket_id if repeat else None,
            likeness=round(repeat.likeness, 3) if repeat else 0.0,
            duplicate_verdict=Verdict.PROPOSED if repeat else None,
            incident_id=seen.silent_incident,
        )
        store.add(session, sighting, seen.bands)
        if seen.incident is not None:
            self._gather(session, ticket, sighting, seen.incident, profile)

    def catch_up(self) -> int:
        """Note tickets that did not come in through intake, such as imported ones; how many."""
        since = self._clock.now() - timedelta(days=_CATCH_UP_DAYS)
        with self._database.transaction() as session:
            found = store.unnoted(session, since=since, limit=_CATCH_UP)
            for ticket in found:
                shingles = Shingles.of(ticket.title, ticket.body)
                sighting = Sighting(
                    ticket_id=ticket.id,
                    profile_key=ticket.profile_key,
                    requester=self._digest(_masked_name(ticket) or ticket.number),
                    terms=terms_of(ticket.title, ticket.body).tobytes(),
                )
                is_fresh = ticket.opened_at >= self._earliest(ticket.profile_key)
                store.add(session, sighting, shingles.bands if is_fresh else ())
        return len(found)

    def forget(self) -> int:
        """Delete the bands of tickets that are too old to be repeated; how many."""
        keys = self._profiles.available()
        with self._database.transaction() as session:
            return sum(store.forget_bands(session, key, before=self._earliest(key)) for key in keys)

    def end_quiet(self) -> int:
        """End the incidents that nobody reported to for long enough; how many."""
        now = self._clock.now()
        ended = 0
        with self._database.transaction() as session:
            for incident in store.unended(session):
                quiet = self._profiles.get(incident.profile_key).radar.quiet_minutes
                if now - incident.last_at > timedelta(minutes=quiet):
                    incident.ended_at = now
                    ended += 1
                    self._audit(session, incident, "incident_ended")
        return ended

    def _repeat(
        self,
        session: Session,
        shingles: Shingles,
        bands: tuple[int, ...],
        profile: Profile,
        account: str | None = None,
    ) -> Repeat | None:
        """Return the open ticket that the text repeats, among those of ``account`` if given."""
        found = store.candidates(
            session,
            bands,
            profile_key=profile.key,
            since=self._earliest(profile.key),
            account=account,
            limit=_CANDIDATES,
        )
        best = repeated(shingles, [Shingles.of(item.title, item.body) for item in found])
        if best is None:
            return None
        place, likeness = best
        ticket = found[place]
        return Repeat(
            ticket_id=ticket.ticket_id,
            number=ticket.number,
            title=ticket.title,
            opened_at=ticket.opened_at,
            likeness=likeness,
        )

    def _earliest(self, profile_key: str) -> datetime:
        """Return when a ticket was opened at the earliest that one of now may repeat."""
        days = self._profiles.get(profile_key).radar.repeat_days
        return self._clock.now() - timedelta(days=days)

    def _incident(
        self, session: Session, seen: Sighted, profile: Profile
    ) -> tuple[Grouped | None, int | None]:
        """Return the incident to show, or the one to join without a word."""
        with self._lock:
            stream = self._stream(session, profile.key)
            related = stream.alike(seen.terms, RELATED)
        if not related:
            return None, None
        going_on = store.going_on(session, profile.key)
        if known := _most_like(related, going_on, ALIKE):
            incident = store.incident(session, known)
            quiet = timedelta(minutes=profile.radar.quiet_minutes)
            if incident.verdict == Verdict.DISMISSED:
                return None, known
            if self._clock.now() - incident.last_at <= quiet:
                return grouped(incident), None
        rules = profile.radar
        rule = BurstRule(
            window_s=rules.window_minutes * 60,
            requesters=rules.requesters,
            chance=rules.chance,
        )
        at_s = self._clock.now().timestamp()
        with self._lock:
            found = burst(stream, related, at_s=at_s, requester=seen.requester, rule=rule)
        if found is None:
            return None, None
        if known := _most_like(found.members, going_on, RELATED):
            incident = store.incident(session, known)
            is_dismissed = incident.verdict == Verdict.DISMISSED
            return (None, known) if is_dismissed else (grouped(incident), None)
        return _proposed(session, found, rules.window_minutes), None

    def _stream(self, session: Session, profile_key: str) -> Stream:
        """Return the latest tickets, with those that came in since the last look."""
        stream = self._streams.setdefault(profile_key, Stream())
        is_settled = time.monotonic() - self._settled_at_s.get(profile_key, _NEVER) < _SETTLES_S
        if is_settled and store.newest(session, profile_key) == stream.last_id:
            return stream
        self._settled_at_s[profile_key] = time.monotonic()
        after = max(0, stream.last_id - _OVERLAP)
        for row in store.latest(session, profile_key, after_id=after, limit=KEPT):
            stream.add(_report(row))
        return stream

    def _gather(
        self,
        session: Session,
        ticket: Ticket,
        sighting: Sighting,
        seen: Grouped,
        profile: Profile,
    ) -> None:
        members = store.lock_sightings(session, seen.ticket_ids)
        # Somebody else may have opened it since we looked.
        known = seen.id or next((item.incident_id for item in members if item.incident_id), None)
        if known is None:
            incident = self._opened(session, seen, members, ticket)
            self._lift(session, [item.ticket for item in members], profile)
        else:
            incident = store.incident(session, known, for_update=True)
        incident.last_at = ticket.opened_at
        sighting.incident_id = incident.id

    def _opened(
        self, session: Session, seen: Grouped, members: list[Sighting], ticket: Ticket
    ) -> Incident:
        # All before may be solved by now: then the trouble that is to be worked on is this one.
        unsolved = (item.ticket.id for item in members if item.ticket.resolved_at is None)
        incident = Incident(
            profile_key=ticket.profile_key,
            parent_id=next(unsolved, ticket.id),
            why=seen.why,
            opened_at=ticket.opened_at,
            last_at=ticket.opened_at,
        )
        session.add(incident)
        session.flush()
        for item in members:
            item.incident_id = incident.id
        self._audit(session, incident, "incident_opened")
        log.warning("incident_opened", incident_id=incident.id, **seen.why)
        return incident

    def _lift(self, session: Session, members: list[Ticket], profile: Profile) -> None:
        """Raise the priority of what came in before the incident showed; people's word stays."""
        rule = incident_rule(profile, "zh")
        if rule is None:
            return
        ranks = {item.value: item.rank for item in profile.priorities}
        for ticket in members:
            rank = ranks.get(ticket.priority or "", len(ranks) + 1)
            if ticket.priority_by == "person" or ticket.resolved_at or rank <= ranks[rule.at_least]:
                continue
            before, ticket.priority, ticket.priority_by = ticket.priority, rule.at_least, "rule"
            set_due_times(ticket, self._profiles.get(ticket.profile_key, ticket.profile_version))
            ticket.touch(self._clock.now())
            audit.append(
                session,
                actor="system",
                action="ticket_changed",
                subject=f"ticket:{ticket.number}",
                facts={
                    "before": {"priority": before},
                    "after": {"priority": rule.at_least},
                    "rule": rule.value,
                },
                now=self._clock.now(),
            )

    def _audit(self, session: Session, incident: Incident, action: str) -> None:
        audit.append(
            session,
            actor="system",
            action=action,
            subject=f"incident:{incident.id}",
            facts=incident.why,
            now=self._clock.now(),
        )

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, f"requester\n{text}".encode(), sha256).hexdigest()[:32]


def asker(requester: Mapping[str, str]) -> str:
    """Return what tells one requester from another; empty where nothing is known."""
    return "\n".join(filter(None, (requester.get("contact", ""), requester.get("name", ""))))


def _masked_name(ticket: Ticket) -> str:
    return asker({name: str(value) for name, value in ticket.requester_masked.items()})


def _report(row: store.Noted) -> Report:
    return Report(
        ticket_id=row.ticket_id,
        at_s=row.opened_at.timestamp(),
        requester=row.requester,
        terms=np.frombuffer(row.terms, dtype=np.uint32),
        is_arrival=bool(row.account),
    )


def _most_like(found: Sequence[Alike], going_on: dict[int, int], least: float) -> int | None:
    best = max(
        (item for item in found if item.report.ticket_id in going_on and item.likeness >= least),
        key=lambda item: item.likeness,
        default=None,
    )
    return going_on[best.report.ticket_id] if best else None


def _proposed(session: Session, found: Burst, window_minutes: int) -> Grouped:
    ids = [item.report.ticket_id for item in found.members]
    members = tickets.by_ids(session, ids)
    unsolved = [ticket for ticket in members if ticket.resolved_at is None]
    return Grouped(
        id=None,
        parent=(unsolved or members)[0].number,
        tickets=tuple(ticket.number for ticket in members),
        ticket_ids=tuple(ids),
        count=found.requesters,
        window_minutes=window_minutes,
        traffic=found.traffic,
        expected=found.expected,
        chance=found.chance,
    )
