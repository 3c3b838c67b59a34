"""The classifier of the first day: what a profile says of its labels, matched with the text.

It has learned nothing, so it claims little: it never decides unasked, and says nothing at all
where no word of any label occurs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kbservice.profiles.schema import Category, Kind, Profile
from kbservice.text.tokens import analyze, spans
from kbservice.triage.classifier import (
    NO_PREDICTION,
    Decision,
    Evidence,
    Prediction,
    ReleaseInfo,
    TicketText,
)
from kbservice.triage.phrases import Searchable
from kbservice.triage.synthetic_tickets import LabelSpec, Likeness

DAY_ZERO: Final = ReleaseInfo(release="day-zero")

# A label's name in a ticket says more than a keyword, a keyword more than a word of the
# examples; a hit in the title says more than one in the body.
_NAME: Final = 2.0
_KEYWORD: Final = 1.0
# A keyword's word alone, or in another form: documents for document.
_WORD: Final = 0.5
_SAMPLE: Final = 0.15
# What merely resembles: it decides where no phrase does, and never makes sure.
_LIKENESS: Final = 0.5
_MOST_SAMPLES: Final = 1.0
_TITLE: Final = 1.5
_SHARPNESS: Final = 1.1
# The weight of "none of these": one stray keyword must not look certain.
_DOUBT: Final = 3.0
_MOST_SURE: Final = 0.85
_REVIEW: Final = 0.4
_LABEL_SET: Final = 0.9
_REASONS: Final = 6


def category_specs(profile: Profile) -> tuple[LabelSpec, ...]:
    """Return what a profile says of its categories."""
    return tuple(
        LabelSpec(
            value=category.value,
            names=_names(category),
            keywords=category.keywords.all,
            samples=(category.criteria.zh, category.criteria.en, *category.examples.all),
        )
        for category in profile.categories
    )


def priority_specs(profile: Profile) -> tuple[LabelSpec, ...]:
    """Return what a profile says of its priorities; their names occur in any text."""
    return tuple(
        LabelSpec(
            value=priority.value,
            keywords=priority.keywords.all,
            samples=(priority.criteria.zh, priority.criteria.en, *priority.examples.all),
        )
        for priority in profile.priorities_by_rank
    )


def kind_specs(profile: Profile) -> tuple[LabelSpec, ...]:
    """Return what a profile says of its kinds of request."""
    return tuple(
        LabelSpec(value=kind.value, names=_names(kind), keywords=kind.keywords.all)
        for kind in profile.kinds
    )


class DayZeroClassifier:
    """Guesses a label by its names, keywords and examples.

    Args:
        specs: The labels, in the order in which ties are broken.
        only_stated: Leave out phrases that the ticket denies or wants to avoid.
        only_phrases: Let no single word of a phrase count: "timed out" is about no time.
    """

    def __init__(
        self, specs: Sequence[LabelSpec], *, only_stated: bool = False, only_phrases: bool = False
    ) -> None:
        self._only_stated = only_stated
        self._labels = tuple(spec.value for spec in specs)
        self._phrases = _weighted_phrases(specs)
        self._samples = _telling_words(specs)
        self._words = {} if only_stated or only_phrases else _keyword_words(specs)
        self._likeness = Likeness(() if only_stated else specs)

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that can come out, in a fixed order."""
        return self._labels

    @property
    def info(self) -> ReleaseInfo:
        """The release that needs no training."""
        return DAY_ZERO

    @property
    def frequencies(self) -> Mapping[str, float]:
        """Nothing is known of them."""
        return {}

    def predict(self, ticket: TicketText) -> Prediction:
        """Return the careful guess with the phrases that it rests on."""
        reasons = self.reasons(ticket)
        scores = self._scores(ticket, reasons)
        if not any(scores.values()):
            return NO_PREDICTION
        ranked = _ranked(scores)
        value, confidence = ranked[0]
        return Prediction(
            value=value,
            confidence=confidence,
            probabilities=ranked,
            label_set=_label_set(ranked),
            evidence=tuple(reasons[value][:_REASONS]),
            decision=_decision(ranked),
        )

    def scores(self, ticket: TicketText) -> dict[str, float]:
        """Return how much speaks for each label; 0 where nothing does."""
        return self._scores(ticket, self.reasons(ticket))

    def _scores(
        self, ticket: TicketText, reasons: Mapping[str, Sequence[Evidence]]
    ) -> dict[str, float]:
        has_samples = any(self._samples.values())
        words = set(analyze(f"{ticket.title}\n{ticket.body}").words) if has_samples else set()
        alike = self._likeness.scores(ticket)
        weighed = _said_once if self._only_stated else _summed
        return {
            label: weighed(reasons[label])
            + min(_MOST_SAMPLES, _SAMPLE * len(words & self._samples[label]))
            + _LIKENESS * alike.get(label, 0.0)
            for label in self._labels
        }

    def reasons(self, ticket: TicketText) -> dict[str, list[Evidence]]:
        """Return the phrases found for each label, the heaviest first."""
        searchable = Searchable(ticket)
        find = searchable.find_stated if self._only_stated else searchable.find
        found: dict[str, list[Evidence]] = {label: [] for label in self._labels}
        for phrase, weights in self._phrases.items():
            place = find(phrase)
            if place is None:
                continue
            in_title = place.field == "title"
            text = (ticket.title if in_title else ticket.body)[place.start : place.end]
            for label, weight in weights.items():
                reason = Evidence(
                    source="criterion",
                    text=text,
                    weight=weight * (_TITLE if in_title else 1.0),
                    field=place.field,
                    start=place.start,
                    end=place.end,
                )
                found[label].append(reason)
        for label, reason in self._word_reasons(ticket):
            found[label].append(reason)
        return {label: _without_inner(reasons) for label, reasons in found.items()}

    def _word_reasons(self, ticket: TicketText) -> Iterator[tuple[str, Evidence]]:
        """Yield the words of keywords, in any form, each at its first place."""
        seen = set()
        for field, text in (("title", ticket.title), ("body", ticket.body)):
            for span in spans(text) if self._words else ():
                if span.term in seen or span.term not in self._words:
                    continue
                seen.add(span.term)
                for label, weight in self._words[span.term].items():
                    yield (
                        label,
                        Evidence(
                            source="criterion",
                            text=text[span.start : span.end],
                            weight=weight * (_TITLE if field == "title" else 1.0),
                            field=field,
                            start=span.start,
                            end=span.end,
                        ),
                    )


def _summed(reasons: Iterable[Evidence]) -> float:
    return sum(reason.weight for reason in reasons)


def _said_once(reasons: Iterable[Evidence]) -> float:
    """Return the weight of one language's reasons: 紧急 urgent is one signal in two spellings."""
    by_language = {True: 0.0, False: 0.0}
    for reason in reasons:
        by_language[reason.text.isascii()] += reason.weight
    return max(by_language.values())


def _names(thing: Category | Kind) -> tuple[str, ...]:
    names = (thing.labels.zh, thing.labels.en, thing.value.replace("_", " "))
    return tuple(dict.fromkeys(name.lower() for name in names))


def _weighted_phrases(specs: Sequence[LabelSpec]) -> dict[str, dict[str, float]]:
    """Return each phrase with its weight for each label: the fewer share it, the more it says."""
    found: dict[str, dict[str, float]] = {}
    for spec in specs:
        for phrases, weight in ((spec.keywords, _KEYWORD), (spec.names, _NAME)):
            for phrase in phrases:
                if phrase.strip():
                    found.setdefault(phrase.lower(), {})[spec.value] = weight
    return {
        phrase: {label: weight / len(weights) for label, weight in weights.items()}
        for phrase, weights in found.items()
    }


def _telling_words(specs: Sequence[LabelSpec]) -> dict[str, set[str]]:
    """Return the words that only one label's samples use."""
    words = {spec.value: set(analyze("\n".join(spec.samples)).words) for spec in specs}
    users = Counter(word for own in words.values() for word in own)
    return {label: {word for word in own if users[word] == 1} for label, own in words.items()}


def _keyword_words(specs: Sequence[LabelSpec]) -> dict[str, dict[str, float]]:
    """Return each word of names and keywords with its weight for each label."""
    users: dict[str, set[str]] = {}
    for spec in specs:
        for word in analyze("\n".join((*spec.names, *spec.keywords))).words:
            if len(word) > 1:
                users.setdefault(word, set()).add(spec.value)
    return {word: dict.fromkeys(labels, _WORD / len(labels)) for word, labels in users.items()}


def _without_inner(reasons: Iterable[Evidence]) -> list[Evidence]:
    """Return the reasons, the heaviest first, without those that lie inside a longer one."""
    kept: list[Evidence] = []
    for reason in sorted(reasons, key=lambda item: (-(item.end - item.start), -item.weight)):
        if not any(_is_inside(reason, other) for other in kept):
            kept.append(reason)
    return sorted(kept, key=lambda reason: -reason.weight)


def _is_inside(one: Evidence, other: Evidence) -> bool:
    return one.field == other.field and other.start <= one.start and one.end <= other.end


def _ranked(scores: dict[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the labels with probabilities that leave room for "none of these", best first."""
    powers = {label: math.expm1(_SHARPNESS * score) for label, score in scores.items()}
    total = sum(powers.values()) + _DOUBT
    shares = ((label, min(_MOST_SURE, power / total)) for label, power in powers.items())
    return tuple(sorted(shares, key=lambda item: (-item[1], -scores[item[0]])))


def _label_set(ranked: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    """Return the likeliest labels that together hold most of the probability."""
    chosen: list[str] = []
    total = 0.0
    for label, held in ranked:
        chosen.append(label)
        total += held
        if total >= _LABEL_SET:
            break
    return tuple(chosen)


def _decision(ranked: Sequence[tuple[str, float]]) -> Decision:
    is_tied = len(ranked) > 1 and ranked[0][1] == ranked[1][1]
    return "review" if ranked[0][1] >= _REVIEW and not is_tied else "abstain"
