"""Learns a linear classifier from labelled tickets.

Where tickets state fields that tell the label, two are learned: one counts on the fields, one
reads the text alone. Each is calibrated on the tickets that it will answer for, since neither's
probabilities would mean what they say for the other's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from kbservice.errors import InvalidInput
from kbservice.triage import vocabulary
from kbservice.triage.calibration import calibrate, log_loss, trusted, with_temperature
from kbservice.triage.classifier import ReleaseInfo, TicketText
from kbservice.triage.goals import PLAIN, Goals
from kbservice.triage.hyperplanes import Separate, separate_labels, separate_levels
from kbservice.triage.linear_classifier import LinearClassifier, Weights
from kbservice.triage.measures import Doubles, Ints
from kbservice.triage.stated_fields import UsualFields, without_fields
from kbservice.triage.synthetic_tickets import SyntheticTicket
from kbservice.triage.thresholds import USUAL, Promises, thresholds
from kbservice.triage.vectoriser import Block, Counts, Vectoriser, count, weigh

PENALTIES: Final = (0.1, 0.3, 1.0)
PRIORITY_PENALTIES: Final = (0.02, 0.05, 0.1)
_FOLDS: Final = 4
# Non-zero weights times labels above which one probe must do for the choice of the penalty.
_LARGE: Final = 40_000_000
MOST_WEIGHTS: Final = 9_000_000
"""Terms times labels of a release: 18 MB in half precision."""
# With more tickets than these, made-up ones change nothing any more.
_SYNTHETIC_UPTO: Final = 2_000
# On fewer tickets that state their fields nothing could be calibrated.
_LEAST_STATING: Final = 50
_SEED: Final = 20231001


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A classifier and what was found on the way.

    Attributes:
        penalty: The inverse regularisation that was chosen.
        unseen: Probabilities of shape (tickets, labels), each row by classifiers that had not
            seen the ticket.
        uses_synthetic: Whether the made-up tickets helped with the real ones.
    """

    classifier: LinearClassifier
    penalty: float
    unseen: Doubles
    uses_synthetic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to fit.

    Attributes:
        penalties: Candidates for the inverse regularisation; one is taken as it is.
        keep_priors: Calibrate so that probabilities are as frequent as the labels are.
        promises: What filling in and label sets must keep.
        order: Every label of an ordered scale, the most urgent first; empty where there is none.
        synthetic: Made-up tickets, learned from too where that helps with the real ones.
    """

    penalties: tuple[float, ...] = PENALTIES
    keep_priors: bool = False
    promises: Promises = USUAL
    order: tuple[str, ...] = ()
    synthetic: tuple[SyntheticTicket, ...] = ()


def recipe_for(label: str, goals: Goals = PLAIN) -> Recipe:
    """Return how to fit a kind of label."""
    is_priority = label == "priority"
    return Recipe(
        penalties=PRIORITY_PENALTIES if is_priority else PENALTIES,
        keep_priors=is_priority,
        promises=goals.promises,
        order=goals.order if is_priority else (),
        synthetic=goals.synthetic.get(label, ()),
    )


def fit(tickets: Sequence[TicketText], labels: Sequence[str], recipe: Recipe) -> Fitted:
    """Learn from tickets and their labels.

    Raises:
        InvalidInput: No word stands in two tickets, or there is one label only.
    """
    if len(set(labels)) < 2:  # noqa: PLR2004 (a choice needs two)
        raise InvalidInput.of("labels", "at least 2 different labels", len(set(labels)))
    folds = _folds(tickets, labels)
    usual = UsualFields.of(tickets)
    if len(usual.stating) < _LEAST_STATING:
        return _of_text(tickets, labels, folds, recipe)
    return _with_fields(tickets, labels, folds, recipe, usual)


def _of_text(
    tickets: Sequence[TicketText], labels: Sequence[str], folds: Ints, recipe: Recipe
) -> Fitted:
    """Learn from the texts alone."""
    texts = [without_fields(ticket) for ticket in tickets]
    attempts = [_attempt(texts, labels, folds, recipe, ())]
    if recipe.synthetic and len(tickets) <= _SYNTHETIC_UPTO:
        attempts.append(_attempt(texts, labels, folds, recipe, recipe.synthetic))
    best = min(attempts, key=lambda attempt: _loss(attempt.scores, attempt.lessons.own_truth))
    return _finished(best, recipe, least_known=vocabulary.least_known(texts, best.lessons.counts))


def _with_fields(
    tickets: Sequence[TicketText],
    labels: Sequence[str],
    folds: Ints,
    recipe: Recipe,
    usual: UsualFields,
) -> Fitted:
    """Learn from the texts alone, then from texts and fields for the tickets that state them."""
    of_text = _of_text(tickets, labels, folds, recipe)
    same = replace(recipe, penalties=(of_text.penalty,))
    synthetic = recipe.synthetic if of_text.uses_synthetic else ()
    attempt = _attempt(tickets, labels, folds, same, synthetic)
    found = _finished(attempt, recipe, answers_for=usual.stating, fields=usual.names)
    both = found.classifier
    unseen = of_text.unseen.copy()
    unseen[usual.stating] = found.unseen
    return replace(
        found,
        classifier=LinearClassifier(
            both.vectoriser, both.learned, both.info, of_text=of_text.classifier
        ),
        unseen=unseen,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lessons:
    """What is learned from: the real tickets first, then the made-up ones.

    Attributes:
        folds: Of the real tickets only; made-up ones are always learned from.
    """

    names: tuple[str, ...]
    separate: Separate
    counts: Sequence[Counts]
    truth: Ints
    folds: Ints

    @property
    def own_truth(self) -> Ints:
        return self.truth[: len(self.folds)]

    @property
    def work(self) -> int:
        return sum(int(item.matrix.nnz) for item in self.counts) * len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    lessons: _Lessons
    penalty: float
    scores: Doubles
    uses_synthetic: bool


def _attempt(
    tickets: Sequence[TicketText],
    labels: Sequence[str],
    folds: Ints,
    recipe: Recipe,
    synthetic: Sequence[SyntheticTicket],
) -> _Attempt:
    """Find the penalty, and how every ticket is scored by a classifier that never saw it."""
    all_labels = [*labels, *(ticket.label for ticket in synthetic)]
    names, separate = _labels(all_labels, recipe.order)
    place = {name: at for at, name in enumerate(names)}
    counts = count([*tickets, *(ticket.words for ticket in synthetic)])
    if not counts:
        raise InvalidInput.of("tickets", "words that stand in 2 tickets", "none")
    lessons = _Lessons(
        names=names,
        separate=separate,
        counts=counts,
        truth=np.array([place[label] for label in all_labels], dtype=np.int64),
        folds=folds,
    )
    penalty, scores = _scores_unseen(lessons, recipe.penalties)
    return _Attempt(lessons=lessons, penalty=penalty, scores=scores, uses_synthetic=bool(synthetic))


def _finished(
    attempt: _Attempt,
    recipe: Recipe,
    *,
    answers_for: Ints | None = None,
    fields: frozenset[str] = frozenset(),
    least_known: float = 0.0,
) -> Fitted:
    """Calibrate on the tickets it will answer for (None: all), and learn from all of them."""
    lessons = attempt.lessons
    own = np.arange(len(lessons.folds)) if answers_for is None else answers_for
    scores, truth = attempt.scores[own], lessons.own_truth[own]
    calibration = calibrate(scores, truth, keep_priors=recipe.keep_priors)
    tickets = np.bincount(truth, minlength=len(lessons.names))
    probabilities = trusted(calibration.probabilities(scores), tickets)
    blocks, matrix = weigh(lessons.counts, np.arange(len(lessons.truth)))
    found = lessons.separate(matrix, lessons.truth, len(lessons.names), attempt.penalty)
    blocks, table = _slim(blocks, found[0].T)
    learned = Weights(
        labels=lessons.names,
        weights=table,
        intercepts=found[1],
        calibration=calibration,
        thresholds=thresholds(probabilities, truth, recipe.promises),
        promises=recipe.promises,
        fields=fields,
        least_known=least_known,
    )
    info = ReleaseInfo(release="", tickets=len(lessons.folds))
    return Fitted(
        classifier=LinearClassifier(Vectoriser(blocks), learned, info),
        penalty=attempt.penalty,
        uses_synthetic=attempt.uses_synthetic,
        unseen=probabilities,
    )


def _labels(labels: Sequence[str], order: Sequence[str]) -> tuple[tuple[str, ...], Separate]:
    """Return the different labels, and how to tell them apart: as levels if all have a rank."""
    known = set(labels)
    if known <= set(order):
        return tuple(name for name in order if name in known), separate_levels
    return tuple(sorted(known)), separate_labels


def _slim(
    blocks: Sequence[Block], weights: npt.NDArray[np.float32]
) -> tuple[tuple[Block, ...], npt.NDArray[np.float32]]:
    """Return weights as they will be stored: in half precision, the weakest terms left out.

    A classifier must not change when it is stored, or its thresholds would be another's.
    """
    kept = np.arange(len(weights))
    if weights.size > MOST_WEIGHTS:
        strength = np.abs(weights).max(axis=1)
        kept = np.sort(np.argsort(-strength, kind="stable")[: MOST_WEIGHTS // weights.shape[1]])
        blocks = _only(blocks, kept)
    stored = weights[kept].astype(np.float16).astype(np.float32)
    return tuple(blocks), np.ascontiguousarray(stored)


def _only(blocks: Sequence[Block], kept: Ints) -> list[Block]:
    found, start = [], 0
    for block in blocks:
        end = start + len(block.terms)
        own = kept[(kept >= start) & (kept < end)] - start
        found.append(Block(block.name, tuple(block.terms[at] for at in own), block.idf[own]))
        start = end
    return found


def _scores_unseen(lessons: _Lessons, penalties: tuple[float, ...]) -> tuple[float, Doubles]:
    """Choose the penalty; return it with each ticket's scores by a classifier that never saw it."""
    folds, truth = lessons.folds, lessons.own_truth
    all_folds = list(range(int(folds.max()) + 1))
    probes = all_folds if lessons.work <= _LARGE else all_folds[:1]
    shape = (len(truth), len(lessons.names))
    scores = {penalty: np.zeros(shape) for penalty in penalties}
    if len(penalties) > 1:
        for fold in probes:
            _score_fold(lessons, fold, scores)
    probed = np.isin(folds, probes)
    penalty = min(penalties, key=lambda penalty: _loss(scores[penalty][probed], truth[probed]))
    left = all_folds if len(penalties) == 1 else [f for f in all_folds if f not in probes]
    for fold in left:
        _score_fold(lessons, fold, {penalty: scores[penalty]})
    return penalty, scores[penalty]


def _loss(scores: Doubles, truth: Ints) -> float:
    return log_loss(with_temperature(scores, truth).probabilities(scores), truth)


def _score_fold(lessons: _Lessons, fold: int, scores: dict[float, Doubles]) -> None:
    held_out = np.flatnonzero(lessons.folds == fold)
    rows = np.setdiff1d(np.arange(len(lessons.truth)), held_out)
    _, matrix = weigh(lessons.counts, rows)
    seen, unseen = matrix[rows], matrix[held_out]
    for penalty, table in scores.items():
        found = lessons.separate(seen, lessons.truth[rows], table.shape[1], penalty)
        table[held_out] = unseen @ found[0].T + found[1]


def _folds(tickets: Sequence[TicketText], labels: Sequence[str]) -> Ints:
    """Return a fold for each ticket: near-identical ones together, labels spread evenly.

    Monitoring systems and forms write the same text again and again; in different folds,
    copies would make the calibration far too sure of itself.
    """
    groups: dict[str, list[int]] = {}
    for at, ticket in enumerate(tickets):
        groups.setdefault(near_identity(ticket), []).append(at)
    # Where nearly all texts are alike, something must still be left to learn from.
    members = (
        list(groups.values()) if len(groups) >= _FOLDS else [[at] for at in range(len(labels))]
    )
    order = np.random.default_rng(_SEED).permutation(len(members))
    dealt = sorted((members[at] for at in order), key=lambda group: labels[group[0]])
    folds = np.zeros(len(tickets), dtype=np.int64)
    for turn, group in enumerate(dealt):
        folds[group] = turn % _FOLDS
    return folds


def near_identity(ticket: TicketText) -> str:
    """Return what near-identical tickets share: the letters, without numbers and punctuation."""
    return re.sub(r"[\d\W_]+", "", f"{ticket.title}{ticket.body}".lower())
