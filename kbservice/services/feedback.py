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
from kbservice.services.ticket_changes import apply_changes, demand_known
from kbservice.store import articles, audit, outbox, suggestions
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
        demand_known(session, profile, "category", new.category)
        demand_known(session, profile, "priority", new.priority)

    def _count(
        self, session: Session, suggestion: Suggestion, new: NewFeedback, principal: Principal
    ) -> None:
        """Let the article's evidence hold the last word on this ticket (or suggestion)."""
        is_success = new.action in {"solved", "deflected"}
        is_failure = new.action == "rejected" and new.reason in FAILED_REASONS
        if not new.item or not (is_success or is_failure):
            return
        if articles.find(session, new.item) is None:
            return
        article = articles.get(session, new.item, for_update=True)
        # Asked behind the lock: another process may just have counted.
        before = suggestions.last_word(
            session, article.id, ticket_id=suggestion.ticket_id, suggestion_id=suggestion.id
        )
        if before is not None and before.solved == is_success:
            return
        now = self._clock.now()
        article.count_outcome(
            solved=is_success,
            symptom=str(suggestion.question.get("title", "")),
            now=now,
            voice=principal.name,
            corrects=before.voice if before else None,
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
        profile = self._profiles.get(suggestion.profile_key, suggestion.profile_version)
        given = {"category": new.category, "priority": new.priority}
        apply_changes(
            session,
            session.get_one(Ticket, suggestion.ticket_id, with_for_update=True),
            profile,
            {name: value for name, value in given.items() if value},
            actor=principal.name,
            now=self._clock.now(),
        )
