"""What people did with a suggestion."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal
from kbservice.domain.article import ArticleState
from kbservice.domain.suggestion import FAILED_REASONS, FEEDBACK_ACTIONS, Feedback, Suggestion
from kbservice.domain.ticket import Ticket
from kbservice.errors import InvalidInput, NotFound
from kbservice.services.profiles import ProfileBook
from kbservice.store import articles, audit, outbox, suggestions, tickets
from kbservice.store.database import Database
from kbservice.text.redaction import redact


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeedback:
    """One act: on one offered article (``item``), or on the category or priority.

    Attributes:
        reason: Why something was rejected: unrelated, related_no_answer, outdated,
            wrong_env, or free words.
    """

    action: str
    item: str = ""
    reason: str = ""
    category: str = ""
    priority: str = ""


class FeedbackDesk:
    """Stores feedback and lets it count: evidence for articles, labels for the classifier."""

    def __init__(self, *, database: Database, profiles: ProfileBook, clock: Clock) -> None:
        self._database = database
        self._profiles = profiles
        self._clock = clock

    def record(self, suggestion_id: str, new: NewFeedback, principal: Principal) -> Feedback:
        """Store one act of feedback.

        Raises:
            NotFound: The suggestion does not exist for this account.
            InvalidInput: The action is unknown, or the item was not offered.
        """
        if new.action not in FEEDBACK_ACTIONS:
            raise InvalidInput.of("action", " | ".join(FEEDBACK_ACTIONS), new.action)
        now = self._clock.now()
        with self._database.transaction() as session:
            suggestion = suggestions.get(session, suggestion_id)
            if not principal.is_staff and suggestion.principal != principal.name:
                raise NotFound("Suggestion {id} does not exist", id=suggestion_id)
            self._check(session, suggestion, new, principal)
            self._count(session, suggestion, new, principal)
            self._relabel(session, suggestion, new, principal)
            feedback = Feedback(
                suggestion_id=suggestion_id,
                article_id=new.item or None,
                action=new.action,
                reason=redact(new.reason).text or None,
                category=new.category or None,
                priority=new.priority or None,
                principal=principal.name,
                created_at=now,
            )
            suggestions.add_feedback(session, feedback)
            audit.append(
                session,
                actor=principal.name,
                action="feedback_given",
                subject=f"suggestion:{suggestion_id}",
                facts={"action": new.action, "item": new.item},
                now=now,
            )
        return feedback

    def _check(
        self, session: Session, suggestion: Suggestion, new: NewFeedback, principal: Principal
    ) -> None:
        offered = [fix["article_id"] for fix in suggestion.fixes(to_staff=principal.is_staff)]
        if new.item and new.item not in offered:
            raise InvalidInput.of("item", " | ".join(offered) or "nothing was offered", new.item)
        if new.action in {"solved", "deflected", "copied"} and not new.item:
            raise InvalidInput.of("item", "the article that this is about", "nothing")
        profile = self._profiles.get(suggestion.profile_key, suggestion.profile_version)
        categories = [item.value for item in profile.categories]
        priorities = [item.value for item in profile.priorities]
        if (
            new.category
            and new.category not in categories
            and new.category not in tickets.categories(session)
        ):
            raise InvalidInput.of("category", " | ".join(categories), new.category)
        if new.priority and new.priority not in priorities:
            raise InvalidInput.of("priority", " | ".join(priorities), new.priority)

    def _count(
        self, session: Session, suggestion: Suggestion, new: NewFeedback, principal: Principal
    ) -> None:
        """Add to the article's evidence, once per ticket (or per suggestion without one)."""
        is_success = new.action in {"solved", "deflected"}
        is_failure = new.action == "rejected" and new.reason in FAILED_REASONS
        if not new.item or not (is_success or is_failure):
            return
        if suggestions.has_counted(session, suggestion, new.item):
            return
        if articles.find(session, new.item) is None:
            return
        article = articles.get(session, new.item, for_update=True)
        now = self._clock.now()
        article.count_outcome(
            solved=is_success,
            symptom=str(suggestion.question.get("title", "")),
            now=now,
            voice=principal.name,
        )
        if article.state == ArticleState.PUBLISHED:
            outbox.append(session, "article", article.id, article.revision, now)

    def _relabel(
        self, session: Session, suggestion: Suggestion, new: NewFeedback, principal: Principal
    ) -> None:
        if suggestion.ticket_id is None or not principal.is_staff:
            return
        if not (new.category or new.priority):
            return
        ticket = session.get_one(Ticket, suggestion.ticket_id)
        if new.category:
            ticket.category, ticket.category_by = new.category, "person"
        if new.priority:
            ticket.priority, ticket.priority_by = new.priority, "person"
        ticket.touch(self._clock.now())
        if ticket.resolution is not None:
            outbox.append(session, "ticket", ticket.number, ticket.version, self._clock.now())
