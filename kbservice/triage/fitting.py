"""Learns a linear classifier from labelled tickets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kbservice.errors import InvalidInput
from kbservice.triage.calibration import calibrate, log_loss, with_temperature
from kbservice.triage.classifier import ReleaseInfo, TicketText
from kbservice.triage.linear_classifier import LinearClassifier, Weights
from kbservice.triage.measures import Doubles, Ints
from kbservice.triage.separation import Separate, separate_labels, separate_levels
from kbservice.triage.thresholds import USUAL, Promises, thresholds
from kbservice.triage.vectoriser import Block, Counts, Vectoriser, count, weigh

PENALTIES: Final = (0.1, 0.3, 1.0)
PRIORITY_PENALTIES: Final = (0.02, 0.05, 0.1)
_FOLDS: Final = 4
_FOLDS_WHEN_LARGE: Final = 3
# Non-zero weights times labels above which one probe must do for the choice of the penalty.
_LARGE: Final = 40_000_000
MOST_WEIGHTS: Final = 9_000_000
"""Terms times labels of a release: 18 MB in half precision."""
_SEED: Final = 20231001


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A classifier and what was found on the way.

    Attributes:
        penalty: The inverse regularisation that was chosen.
        unseen: Probabilities of shape (tickets, labels), each row by classifiers that had not
            seen the ticket.
    """

    classifier: LinearClassifier
    penalty: float
    unseen: Doubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to fit.

    Attributes:
        penalties: Candidates for the inverse regularisation; one is taken as it is.
        keep_priors: Calibrate so that probabilities are as frequent as the labels are.
        promises: What filling in and label sets must keep.
        order: Every label of an ordered scale, the most urgent first; empty where there is none.
    """

    penalties: tuple[float, ...] = PENALTIES
    keep_priors: bool = False
    promises: Promises = USUAL
    order: tuple[str, ...] = ()


def recipe_for(
    label: str,
    penalty: float | None = None,
    promises: Promises = USUAL,
    order: Sequence[str] = (),
) -> Recipe:
    """Return how to fit a kind of label, with a penalty that was chosen before if there is one."""
    is_priority = label == "priority"
    penalties = PRIORITY_PENALTIES if is_priority else PENALTIES
    return Recipe(
        penalties=penalties if penalty is None else (penalty,),
        keep_priors=is_priority,
        promises=promises,
        order=tuple(order) if is_priority else (),
    )


def fit(tickets: Sequence[TicketText], labels: Sequence[str], recipe: Recipe) -> Fitted:
    """Learn from tickets and their labels.

    Raises:
        InvalidInput: No word stands in two tickets, or there is one label only.
    """
    names, separate = _labels(labels, recipe.order)
    if len(names) < 2:  # noqa: PLR2004 (a choice needs two)
        raise InvalidInput.of("labels", "at least 2 different labels", len(names))
    place = {name: at for at, name in enumerate(names)}
    truth = np.array([place[label] for label in labels], dtype=np.int64)
    counts = count(tickets)
    if not counts:
        raise InvalidInput.of("tickets", "words that stand in 2 tickets", "none")
    folds = _folds(tickets, truth, _n_folds(counts, len(names)))
    penalty, scores = _scores_unseen(counts, truth, folds, recipe.penalties, separate)
    calibration = calibrate(scores, truth, keep_priors=recipe.keep_priors)
    probabilities = calibration.probabilities(scores)
    everything = np.arange(len(truth))
    blocks, matrix = weigh(counts, everything)
    weights, intercepts = separate(matrix, truth, len(names), penalty)
    blocks, table = _slim(blocks, weights.T)
    learned = Weights(
        labels=names,
        weights=table,
        intercepts=intercepts,
        calibration=calibration,
        thresholds=thresholds(probabilities, truth, recipe.promises),
        promises=recipe.promises,
    )
    info = ReleaseInfo(release="", tickets=len(truth))
    return Fitted(
        classifier=LinearClassifier(Vectoriser(blocks), learned, info),
        penalty=penalty,
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


def _n_folds(counts: Sequence[Counts], n_labels: int) -> int:
    return _FOLDS_WHEN_LARGE if _work(counts, n_labels) > _LARGE else _FOLDS


def _work(counts: Sequence[Counts], n_labels: int) -> int:
    return sum(int(item.matrix.nnz) for item in counts) * n_labels


def _scores_unseen(
    counts: Sequence[Counts],
    truth: Ints,
    folds: Ints,
    penalties: tuple[float, ...],
    separate: Separate,
) -> tuple[float, Doubles]:
    """Choose the penalty; return it with each ticket's scores by a classifier that never saw it."""
    n_labels = int(truth.max()) + 1
    all_folds = list(range(int(folds.max()) + 1))
    probes = all_folds if _work(counts, n_labels) <= _LARGE else all_folds[:1]
    scores = {penalty: np.zeros((len(truth), n_labels)) for penalty in penalties}
    if len(penalties) > 1:
        for fold in probes:
            _score_fold(counts, truth, folds == fold, scores, separate)
    probed = np.isin(folds, probes)
    penalty = min(penalties, key=lambda penalty: _loss(scores[penalty][probed], truth[probed]))
    left = all_folds if len(penalties) == 1 else [f for f in all_folds if f not in probes]
    for fold in left:
        _score_fold(counts, truth, folds == fold, {penalty: scores[penalty]}, separate)
    return penalty, scores[penalty]


def _loss(scores: Doubles, truth: Ints) -> float:
    return log_loss(with_temperature(scores, truth).probabilities(scores), truth)


def _score_fold(
    counts: Sequence[Counts],
    truth: Ints,
    held_out: npt.NDArray[np.bool_],
    scores: dict[float, Doubles],
    separate: Separate,
) -> None:
    rows = np.flatnonzero(~held_out)
    _, matrix = weigh(counts, rows)
    seen, unseen = matrix[rows], matrix[np.flatnonzero(held_out)]
    for penalty, table in scores.items():
        weights, intercepts = separate(seen, truth[rows], table.shape[1], penalty)
        table[held_out] = unseen @ weights.T + intercepts


def _folds(tickets: Sequence[TicketText], truth: Ints, n_folds: int) -> Ints:
    """Return a fold for each ticket: near-identical ones together, labels spread evenly.

    Monitoring systems and forms write the same text again and again; in different folds,
    copies would make the calibration far too sure of itself.
    """
    groups: dict[str, list[int]] = {}
    for at, ticket in enumerate(tickets):
        groups.setdefault(near_identity(ticket), []).append(at)
    order = np.random.default_rng(_SEED).permutation(len(groups))
    members = list(groups.values())
    dealt = sorted((members[at] for at in order), key=lambda group: int(truth[group[0]]))
    folds = np.zeros(len(truth), dtype=np.int64)
    for turn, group in enumerate(dealt):
        folds[group] = turn % n_folds
    return folds


def near_identity(ticket: TicketText) -> str:
    """Return what near-identical tickets share: the letters, without numbers and punctuation."""
    return re.sub(r"[\d\W_]+", "", f"{ticket.title}{ticket.body}".lower())
