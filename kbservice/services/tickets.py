"""Reading and changing stored tickets."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.audit import AuditEntry
from kbservice.domain.ticket import Ticket
from kbservice.errors import InvalidInput, NotFound, StaleVersion
from kbservice.services.profiles import ProfileBook
from kbservice.services.requesters import unseal
from kbservice.services.ticket_changes import apply_changes
from kbservice.store import audit, suggestions
from kbservice.store import tickets as store
from kbservice.store.database import Database
from kbservice.store.paging import Page
from kbservice.store.tickets import TicketFilter
from kbservice.vault import Vault


class Tickets:
    """Shows tickets to those who may see them, and records every change."""

    def __init__(
        self, *, database: Database, profiles: ProfileBook, vault: Vault, clock: Clock
    ) -> None:
        self._database = database
        self._profiles = profiles
        self._vault = vault
        self._clock = clock

    def get(self, number: str, principal: Principal) -> Ticket:
        """Return a ticket; intake forms see the ones they handed in.

        Raises:
            NotFound: There is none such for this reader.
        """
        with self._database.reading() as session:
            ticket = store.get(session, number)
            if not principal.is_staff and not self._is_own(session, ticket, principal):
                raise NotFound("Ticket {number} does not exist", number=number)
        return ticket

    def page(
        self, wanted: TicketFilter, *, after: str | None, limit: int, principal: Principal
    ) -> Page[Ticket]:
        """Return tickets, newest first."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            return store.page(session, wanted, after=after, limit=limit)

    def change(
        self,
        number: str,
        changes: dict[str, str | None],
        *,
        expected_version: int | None = None,
        principal: Principal,
    ) -> Ticket:
        """Change assessed or descriptive fields; a person's word replaces triage's.

        Raises:
            StaleVersion: Somebody else changed the ticket since ``expected_version``.
            InvalidInput: A field is unknown or its value not one the profile knows.
        """
        principal.demand(Role.AGENT)
        with self._database.transaction() as session:
            ticket = store.get(session, number, for_update=True)
            if expected_version is not None and ticket.version != expected_version:
                raise StaleVersion(
                    "Ticket {number} is at version {version} now",
                    number=number,
                    version=ticket.version,
                )
            profile = self._profiles.get(ticket.profile_key, ticket.profile_version)
            apply_changes(
                session, ticket, profile, changes, actor=principal.name, now=self._clock.now()
            )
        return ticket

    def reveal(self, number: str, reason: str, principal: Principal) -> dict[str, str]:
        """Return the unmasked requester and wording; who asked and why is recorded.

        Raises:
            InvalidInput: No reason is given.
        """
        principal.demand(Role.AGENT)
        if len(reason.strip()) < 3:  # noqa: PLR2004  # a reason is more than a keystroke
            raise InvalidInput.of("reason", "why the contact is needed", reason)
        with self._database.transaction() as session:
            ticket = store.get(session, number)
            self._audit(session, principal, "requester_revealed", number, reason=reason)
            return unseal(self._vault, number, ticket.requester_sealed)

    def timeline(self, number: str, principal: Principal) -> list[AuditEntry]:
        """Return what happened to a ticket, oldest first."""
        principal.demand(Role.AGENT)
        with self._database.reading() as session:
            store.get(session, number)
            return audit.of_subject(session, f"ticket:{number}")[::-1]

    def _is_own(self, session: Session, ticket: Ticket, principal: Principal) -> bool:
        asked = suggestions.of_ticket(session, ticket.id)
        return any(suggestion.principal == principal.name for suggestion in asked)

    def _audit(
        self, session: Session, principal: Principal, action: str, number: str, **facts: Any
    ) -> None:
        audit.append(
            session,
            actor=principal.name,
            action=action,
            subject=f"ticket:{number}",
            facts=facts,
            now=self._clock.now(),
        )
