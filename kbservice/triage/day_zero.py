"""A classifier without training: the profile's names, criteria, examples and keywords."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kbservice.profiles.schema import Profile
from kbservice.text.tokens import analyze
from kbservice.triage.classifier import (
    NO_PREDICTION,
    Evidence,
    Prediction,
    ReleaseInfo,
    TicketText,
)
from kbservice.triage.rules import mentions

DAY_ZERO = ReleaseInfo(release="day-zero")
# A keyword is chosen to tell its label apart; a word that an example happens to use is not.
_KEYWORD, _NAME, _PROSE = 2.0, 1.5, 0.4
_TITLE_FACTOR = 1.5
_SHARPNESS = 0.9
# Without a label to compare with, nothing here is certain.
_CEILING = 0.85
_REVIEW = 0.4
_REASONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWords:
    """What a profile says of one label."""

    label: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    prose: tuple[str, ...] = ()


def category_words(profile: Profile) -> tuple[LabelWords, ...]:
    """Return what the profile says of each category."""
    return tuple(
        LabelWords(
            label=item.value,
            names=(item.labels.zh, item.labels.en.lower()),
            keywords=item.keywords.all,
            prose=(item.criteria.zh, item.criteria.en, *item.examples.all),
        )
        for item in profile.categories
    )


def kind_words(profile: Profile) -> tuple[LabelWords, ...]:
    """Return what the profile says of each kind."""
    return tuple(
        LabelWords(
            label=item.value,
            names=(item.labels.zh, item.labels.en.lower()),
            keywords=item.keywords.all,
        )
        for item in profile.kinds
    )


def priority_words(profile: Profile) -> tuple[LabelWords, ...]:
    """Return what the profile says of each priority."""
    return tuple(
        LabelWords(
            label=item.value,
            names=(),
            keywords=item.keywords.all,
            prose=(item.criteria.zh, item.criteria.en, *item.examples.all),
        )
        for item in profile.priorities_by_rank
    )


class DayZeroClassifier:
    """Counts a label's words in the ticket; says nothing where none occurs."""

    def __init__(self, words: Sequence[LabelWords]) -> None:
        self._words = tuple(words)
        self._prose = {
            item.label: frozenset(word for text in item.prose for word in analyze(text).words)
            for item in self._words
        }
        counts: dict[str, int] = {}
        for terms in self._prose.values():
            for term in terms:
                counts[term] = counts.get(term, 0) + 1
        # A word that most labels' prose uses tells nothing.
        self._rarity = {
            term: math.log(1 + len(self._words) / held) / math.log(1 + len(self._words))
            for term, held in counts.items()
        }

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that can come out, in the profile's order."""
        return tuple(item.label for item in self._words)

    @property
    def info(self) -> ReleaseInfo:
        """Day zero has no release."""
        return DAY_ZERO

    def predict(self, ticket: TicketText) -> Prediction:
        """Return the label whose words occur most, with the words as reasons."""
        if not self._words:
            return NO_PREDICTION
        found = {item.label: self._evidence(item, ticket) for item in self._words}
        scores = {label: sum(item.weight for item in evidence) for label, evidence in found.items()}
        if not any(scores.values()):
            return NO_PREDICTION
        total = sum(math.exp(_SHARPNESS * score) for score in scores.values())
        ranked = sorted(
            (
                (label, _CEILING * math.exp(_SHARPNESS * score) / total)
                for label, score in scores.items()
            ),
            key=lambda item: (-item[1], self.labels.index(item[0])),
        )
        best, confidence = ranked[0]
        reasons = sorted(found[best], key=lambda item: -item.weight)[:_REASONS]
        return Prediction(
            value=best,
            confidence=confidence,
            probabilities=tuple(ranked),
            label_set=_label_set(ranked),
            evidence=tuple(reasons),
            decision="review" if confidence >= _REVIEW else "abstain",
        )

    def _evidence(self, item: LabelWords, ticket: TicketText) -> list[Evidence]:
        found: dict[tuple[str, int, int], Evidence] = {}
        for phrases, weight in ((item.keywords, _KEYWORD), (item.names, _NAME)):
            for field, start, end, _ in mentions(ticket, phrases):
                text = ticket.title if field == "title" else ticket.body
                factor = _TITLE_FACTOR if field == "title" else 1.0
                found.setdefault(
                    (field, start, end),
                    Evidence(
                        source="criterion",
                        text=text[start:end],
                        weight=weight * factor,
                        field=field,
                        start=start,
                        end=end,
                    ),
                )
        return [*found.values(), *self._prose_evidence(item.label, ticket)]

    def _prose_evidence(self, label: str, ticket: TicketText) -> list[Evidence]:
        said = dict.fromkeys(analyze(f"{ticket.title}\n{ticket.body}").words)
        shared = [word for word in said if word in self._prose[label]]
        return [
            Evidence(source="criterion", text=word, weight=_PROSE * self._rarity[word])
            for word in shared
        ]


def _label_set(ranked: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    """Return the labels not clearly behind the best: a quarter of its probability or more."""
    best = ranked[0][1]
    return tuple(label for label, held in ranked if held >= best / 4)
