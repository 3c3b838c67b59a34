"""Shapes of suggestions and of feedback on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from kbservice.domain.suggestion import Feedback, Suggestion
from kbservice.profiles.schema import Profile
from kbservice.services.feedback import NewFeedback
from kbservice.services.question import Question
from kbservice.services.sighting import told
from kbservice.services.suggesting import Answer
from kbservice.web.api.schemas.base import (
    In,
    IndexStamp,
    Label,
    Locale,
    LongText,
    Name,
    Out,
    ShortText,
    Title,
)
from kbservice.web.api.schemas.radar import IncidentOut


class QuestionIn(In):
    """What a ticket says before it is one."""

    title: Title = ""
    body: LongText = ""
    product: Name | None = None
    version: Name | None = None
    environment: ShortText | None = None
    profile: Name | None = None
    channel: Label | None = None
    kind: Label | None = None
    skipped: list[Label] = Field(
        [], max_length=20, description="Details not to ask for: fields of `missing`"
    )
    locale: Locale | None = None
    limit: int = Field(5, ge=1, le=20, description="Fixes at most")

    @property
    def question(self) -> Question:
        """The same in the service's words."""
        return Question(
            title=self.title,
            body=self.body,
            product=self.product or "",
            version=self.version or "",
            environment=self.environment or "",
            profile=self.profile or "",
            channel=self.channel or "",
            kind=self.kind or "",
            skipped=tuple(self.skipped),
            limit=self.limit,
        )


class EvidenceOut(Out):
    """How a fix did so far; `lower_bound` is the Wilson bound of its success rate."""

    solved: int
    failed: int
    lower_bound: float
    last_success_at: datetime | None
    verification: str = "unverified"
    environment_diff: list[str]


class FixOut(Out):
    """A known fix, best first; `snippet` is escaped HTML with <mark>."""

    article_id: str
    title: str
    snippet: str
    score: float
    confidence: float
    band: str
    why: list[Any]
    evidence: EvidenceOut
    steps_preview: list[str]


class SimilarTicketOut(Out):
    """A solved ticket that resembles the question, the nearest first, with its labels."""

    number: str
    title: str
    category: str | None
    priority: str | None
    labels: list[str] = Field(description="Names of category and priority, where it has them")
    snippet: str
    score: float
    article_id: str | None


class SpokenOut(Out):
    """A word, rule or criterion that spoke for a value, and where it stands."""

    source: str
    text: str
    weight: float
    field: str | None
    start: int | None
    end: int | None


class PredictionOut(Out):
    """A calibrated guess; `set` holds the true value with the promised coverage."""

    value: str | None
    label: str | None
    confidence: float
    set: list[str]
    set_labels: list[str]
    why: list[SpokenOut]
    decision: Literal["auto", "review", "abstain"]


class MissingOut(Out):
    """A detail to ask for, and how."""

    field: str
    question: str


class NextQuestionOut(Out):
    """The most useful detail to ask for, in the language of the text, and a good answer."""

    field: str
    label: str
    question: str
    example: str


class ClassifierOut(Out):
    """Which release assessed; `day-zero`: the profile's criteria did."""

    release: str
    trained_at: datetime | None


class SuggestionOut(Out):
    """Known fixes, category, priority and missing details."""

    suggestion_id: str
    profile: str
    fixes: list[FixOut]
    similar_tickets: list[SimilarTicketOut]
    category: PredictionOut
    priority: PredictionOut
    kind: str | None
    kind_details: PredictionOut = Field(description="How sure the kind is, and why")
    missing: list[MissingOut]
    next_question: NextQuestionOut | None
    duplicate_of: str | None = Field(
        None, description="Number of an earlier open ticket with nearly the same text"
    )
    incident: IncidentOut | None = Field(None, description="For staff")
    decision: Literal["auto", "review", "abstain"]
    classifier: ClassifierOut
    index: IndexStamp
    degraded: bool
    degraded_parts: list[str]
    took_ms: float

    @classmethod
    def of(cls, answer: Answer, locale: str, *, lag_s: float = 0.0) -> Self:
        """Present a fresh answer."""
        state = answer.index
        return cls(
            suggestion_id=answer.id,
            fixes=[_fix(asdict(fix)) for fix in answer.fixes],
            index=IndexStamp(
                generation=state.generation if state else 0,
                lag_s=lag_s,
                complete=state.complete if state else False,
            ),
            degraded=bool(answer.degraded),
            degraded_parts=list(answer.degraded),
            took_ms=answer.took_ms,
            similar_tickets=[
                _similar(asdict(ticket), answer.profile, locale)
                for ticket in answer.similar_tickets
            ],
            missing=[_missing(asdict(item), locale) for item in answer.missing],
            next_question=next_question(
                [asdict(item) for item in answer.missing], answer.language or locale
            ),
            **_radar(told(answer.sighted)),
            **_assessment(asdict(answer.assessment), answer.profile, locale),
        )

    @classmethod
    def of_stored(
        cls, suggestion: Suggestion, profile: Profile, locale: str, *, to_staff: bool
    ) -> Self:
        """Present an answer as it was given, as far as the reader may see it."""
        kept = suggestion.answer
        return cls(
            suggestion_id=suggestion.id,
            fixes=[_fix(shown) for shown in suggestion.fixes(to_staff=to_staff)],
            index=IndexStamp(
                generation=suggestion.index_generation,
                lag_s=0.0,
                complete="index" not in suggestion.degraded,
            ),
            degraded=bool(suggestion.degraded),
            degraded_parts=list(suggestion.degraded),
            took_ms=suggestion.took_ms,
            similar_tickets=[
                _similar(ticket, profile, locale)
                for ticket in suggestion.similar_tickets(to_staff=to_staff)
            ],
            missing=[_missing(item, locale) for item in kept["missing"]],
            next_question=next_question(kept["missing"], kept.get("language") or locale),
            **_radar(kept.get("radar", {})),
            **_assessment(kept["assessment"], profile, locale),
        )


def _fix(shown: Mapping[str, Any]) -> FixOut:
    return FixOut(
        article_id=shown["article_id"],
        title=shown["title"],
        snippet=shown["snippet_html"],
        score=round(shown["score"], 4),
        confidence=round(shown["confidence"], 4),
        band=shown["band"],
        why=list(shown["why"]),
        evidence=EvidenceOut.model_validate(shown["evidence"]),
        steps_preview=list(shown["steps_preview"]),
    )


def _similar(shown: Mapping[str, Any], profile: Profile, locale: str) -> SimilarTicketOut:
    labels = [
        label_of(profile, axis, locale).get(value, value)
        for axis in ("category", "priority")
        if (value := shown.get(axis))
    ]
    return SimilarTicketOut(
        labels=labels,
        number=shown["number"],
        title=shown["title"],
        category=shown["category"] or None,
        priority=shown.get("priority") or None,
        snippet=shown["snippet_html"],
        score=shown["score"],
        article_id=shown["article_id"] or None,
    )


def _missing(shown: Mapping[str, Any], locale: str) -> MissingOut:
    language = "zh" if locale.startswith("zh") else "en"
    return MissingOut(field=shown["field"], question=shown["question"][language])


def next_question(missing: Sequence[Mapping[str, Any]], language: str) -> NextQuestionOut | None:
    """Return how to ask for the first of some missing details, None if there are none."""
    for shown in missing[:1]:
        own = "zh" if language.startswith("zh") else "en"
        return NextQuestionOut(
            field=shown["field"],
            label=(shown.get("labels") or {}).get(own, ""),
            question=shown["question"][own],
            example=(shown.get("example") or {}).get(own, ""),
        )
    return None


def _radar(shown: Mapping[str, Any]) -> dict[str, Any]:
    repeat, incident = shown.get("repeat"), shown.get("incident")
    return {
        "duplicate_of": repeat["number"] if repeat else None,
        "incident": IncidentOut.of_told(incident) if incident else None,
    }


def _assessment(shown: Mapping[str, Any], profile: Profile, locale: str) -> dict[str, Any]:
    release = shown["release"]
    return {
        "profile": profile.key,
        "category": _prediction(shown, "category", profile, locale),
        "priority": _prediction(shown, "priority", profile, locale),
        "kind": shown["kind"]["value"],
        "kind_details": _prediction(shown, "kind", profile, locale),
        "decision": shown["decision"],
        "classifier": ClassifierOut(release=release["release"], trained_at=release["trained_at"]),
    }


def _prediction(
    assessment: Mapping[str, Any], axis: str, profile: Profile, locale: str
) -> PredictionOut:
    shown, labels = assessment[axis], label_of(profile, axis, locale)
    names = {
        "rule": {rule.value: profile.label(rule, locale) for rule in profile.priority_rules},
        "category": label_of(profile, "category", locale),
    }
    value = shown["value"]
    return PredictionOut(
        value=value,
        label=labels.get(value, value) if value else None,
        confidence=round(shown["confidence"], 4),
        set=list(shown["label_set"]),
        set_labels=[labels.get(item, item) for item in shown["label_set"]],
        why=[_spoken(item, names) for item in shown["evidence"]],
        decision=shown["decision"],
    )


def _spoken(shown: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> SpokenOut:
    """Present a reason; one stored before names were kept by their value has its text only."""
    named = names.get(shown["source"], {})
    has_place = shown["start"] >= 0
    return SpokenOut(
        source=shown["source"],
        text=named.get(shown.get("value", ""), shown["text"]),
        weight=round(shown["weight"], 4),
        field=shown["field"] or None,
        start=shown["start"] if has_place else None,
        end=shown["end"] if has_place else None,
    )


def label_of(profile: Profile, axis: str, locale: str) -> dict[str, str]:
    """Return the names of a profile's values by value: category, priority, urgency or kind."""
    return {item.value: profile.label(item, locale) for item in profile.choices(axis) or ()}


class FeedbackIn(In):
    """What a person did with one offered article, or with the category or priority."""

    action: Literal["opened", "copied", "accepted", "solved", "rejected", "deflected"]
    item: str | None = Field(None, max_length=200, description="Id of the offered article")
    reason: ShortText | None = None
    category: Name | None = None
    priority: Label | None = None

    @property
    def new(self) -> NewFeedback:
        """The same in the service's words."""
        return NewFeedback(
            action=self.action,
            item=self.item or "",
            reason=self.reason or "",
            category=self.category or "",
            priority=self.priority or "",
        )


class FeedbackOut(Out):
    """Feedback as it was stored."""

    id: int
    suggestion_id: str
    item: str | None
    action: str
    reason: str | None
    category: str | None
    priority: str | None
    created_at: datetime

    @classmethod
    def of(cls, feedback: Feedback) -> Self:
        """Present stored feedback."""
        return cls(
            id=feedback.id,
            suggestion_id=feedback.suggestion_id,
            item=feedback.article_id,
            action=feedback.action,
            reason=feedback.reason,
            category=feedback.category,
            priority=feedback.priority,
            created_at=feedback.created_at,
        )
