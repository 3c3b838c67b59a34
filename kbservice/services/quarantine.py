"""Labels that look wrong wait here for a lead; nothing is learned from them meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import select

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.label_review import LabelReview
from kbservice.domain.ticket import Ticket
from kbservice.errors import Conflict, InvalidInput
from kbservice.services.profiles import ProfileBook
from kbservice.store import audit, outbox, tickets
from kbservice.store import label_reviews as store
from kbservice.store.database import Database
from kbservice.triage.suspicion import Claim, suspicious

log = structlog.get_logger(__name__)

MAX_SHOWN = 200


class Quarantine:
    """Holds labels back, and takes in what people say of them."""

    def __init__(self, *, database: Database, profiles: ProfileBook, clock: Clock) -> None:
        self._database = database
        self._profiles = profiles
        self._clock = clock

    def labellers(self, profile_key: str) -> dict[str, store.Labeller]:
        """Return who gave the categories that people gave, by ticket number."""
        with self._database.reading() as session:
            return store.labellers(session, profile_key)

    def held_back(self, profile_key: str) -> set[str]:
        """Return the numbers of tickets that must not be learned from."""
        with self._database.reading() as session:
            return store.held_back(session, profile_key)

    def examine(self, claims: Sequence[Claim], profile_key: str) -> set[str]:
        """Hold back what looks wrong; return the numbers of the tickets.

        What a person settled before is never asked again.
        """
        reasons = suspicious(claims)
        now = self._clock.now()
        with self._database.transaction() as session:
            known = store.known(session, profile_key)
            new = [
                claim
                for claim in claims
                if claim.ticket in reasons and (claim.ticket, claim.value) not in known
            ]
            for claim in new:
                session.add(
                    LabelReview(
                        ticket_id=session.scalars(
                            select(Ticket.id).where(Ticket.number == claim.ticket)
                        ).one(),
                        value=claim.value,
                        proposed=claim.predicted,
                        reason=reasons[claim.ticket],
                        given_by=claim.by,
                        found_at=now,
                    )
                )
        if new:
            log.warning("labels_quarantined", count=len(new))
        return {claim.ticket for claim in new}

    def waiting(self, principal: Principal) -> list[LabelReview]:
        """Return the labels that wait, oldest first, with their tickets."""
        principal.demand(Role.LEAD)
        with self._database.reading() as session:
            return store.waiting(session, MAX_SHOWN)

    def count(self) -> int:
        """Return how many labels wait."""
        with self._database.reading() as session:
            return store.count_waiting(session)

    def settle(self, review_id: int, category: str, principal: Principal) -> LabelReview:
        """Say what the label is: the one that was given, or another.

        Raises:
            NotFound: There is no such review.
            Conflict: It is settled already.
            InvalidInput: The category does not exist.
        """
        principal.demand(Role.LEAD)
        now = self._clock.now()
        with self._database.transaction() as session:
            review = store.get(session, review_id)
            ticket = review.ticket
            if review.settled_at is not None:
                raise Conflict("Label review {id} is settled already", id=review_id)
            allowed = [item.value for item in self._profiles.get(ticket.profile_key).categories]
            imported = tickets.categories(session, ticket.profile_key)
            if category not in allowed and category not in imported:
                raise InvalidInput.of("category", " | ".join(allowed), category)
            review.settled_value = category
            review.settled_by = principal.name
            review.settled_at = now
            ticket.category, ticket.category_by = category, "person"
            ticket.touch(now)
            if ticket.resolution is not None:
                outbox.append(session, "ticket", ticket.number, ticket.version, now)
            audit.append(
                session,
                actor=principal.name,
                action="label_settled",
                subject=f"ticket:{ticket.number}",
                facts={"given": review.value, "settled": category},
                now=now,
            )
        return review
