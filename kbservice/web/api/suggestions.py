"""Suggestions for a ticket text, and feedback on them."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.errors import Unavailable
from kbservice.services.suggesting import Answer
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import Query
from kbservice.web.api.schemas.replay import ReplayOut
from kbservice.web.api.schemas.suggestion import FeedbackIn, FeedbackOut, QuestionIn, SuggestionOut
from kbservice.web.context import application, locale, metrics, principal, use_locale
from kbservice.web.limits import SUGGEST, limited
from kbservice.web.security import requires


@api.post("/suggest")
@requires(Role.INTAKE)
@limited(SUGGEST)
@contract(tag="suggestions", answers=SuggestionOut)
def suggest(json: QuestionIn) -> SuggestionOut:
    """Return known fixes, category, priority and missing details for a text."""
    use_locale(json.locale)
    with metrics().suggest_duration.time():
        answer = application().suggesting.suggest(json.question, principal())
    return shown(answer)


def shown(answer: Answer) -> SuggestionOut:
    """Present a fresh answer and count what was down."""
    for part in answer.degraded:
        metrics().degraded_answers.labels(part).inc()
    try:
        lag_s = application().retrieval.lag_s(application().clock.now())
    except Unavailable:
        lag_s = 0.0
    return SuggestionOut.of(answer, locale(), lag_s=lag_s)


@api.get("/suggestions/<suggestion_id>")
@requires(Role.INTAKE)
@contract(tag="suggestions", answers=SuggestionOut)
def suggestion_show(suggestion_id: str, query: Query) -> SuggestionOut:  # noqa: ARG001  # its locale
    """Return an answer as it was given."""
    found = application().suggesting.get(suggestion_id, principal())
    profile = application().profiles.get(found.profile_key, found.profile_version)
    return SuggestionOut.of_stored(found, profile, locale(), to_staff=principal().is_staff)


@api.get("/suggestions/<suggestion_id>/replay")
@requires(Role.AGENT)
@limited(SUGGEST)
@contract(tag="suggestions", answers=ReplayOut)
def suggestion_replay(suggestion_id: str, query: Query) -> ReplayOut:  # noqa: ARG001  # its locale
    """Give an answer once more from what it was given from, or say why that cannot be."""
    return ReplayOut.of(application().replay.replay(suggestion_id, principal()), locale())


@api.post("/suggestions/<suggestion_id>/feedback")
@requires(Role.INTAKE)
@contract(tag="suggestions", answers=FeedbackOut, status=201)
def feedback_create(suggestion_id: str, json: FeedbackIn) -> tuple[FeedbackOut, int]:
    """Record what a person did with a suggestion."""
    return FeedbackOut.of(application().feedback.record(suggestion_id, json.new, principal())), 201
