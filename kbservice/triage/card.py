"""How well a classifier did on tickets that it had not seen, label by label: its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from kbservice.text.redaction import redact
from kbservice.triage.dataset import LabelName, TrainingTicket
from kbservice.triage.measures import BINS, Doubles, Ints
from kbservice.triage.thresholds import LabelThreshold

MOST_IN_MATRIX: Final = 20
"""Of more labels no whole confusion matrix is kept: nobody could read it."""
_CONFUSIONS: Final = 20
_EXAMPLES: Final = 3
_EXAMPLE_CHARS: Final = 80
_MOST_LABELS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """One label: how it did, and when it is filled in.

    Attributes:
        tickets: Of the unseen tickets, those that have it.
        guessed: Those that it was guessed for.
        precision: Share of the guesses that are right, None without any.
        recall: Share of its tickets that were found, None without any.
        learned_from: Tickets of it that the release learned from.
        automatic: Confidence from which it is filled in unasked, None if it never is.
        needed: How many more tickets it needs before it may be filled in; None where more of
            the same would not do.
    """

    label: str
    tickets: int
    guessed: int
    precision: float | None
    recall: float | None
    f1: float | None
    learned_from: int
    automatic: float | None
    needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """The tickets that it was about so sure of: how sure, and how often it was right."""

    tickets: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """One label taken for another: how often, with masked titles of such tickets."""

    label: str
    guess: str
    tickets: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that a card tells of one kind of label.

    Attributes:
        tickets: How many unseen tickets it was judged on.
        since: When the oldest of them came, as ISO 8601; empty where times are not known.
        until: When the newest came.
        labels: The commonest first.
        matrix: Counts by true label (row) and guess (column), in the order of ``labels``; empty
            where there are more than ``MOST_IN_MATRIX``.
        reliability: By growing confidence; empty bins are left out.
        confusions: The 20 most frequent.
    """

    tickets: int
    since: str
    until: str
    labels: tuple[LabelRow, ...]
    matrix: tuple[tuple[int, ...], ...]
    reliability: tuple[ReliabilityBin, ...]
    confusions: tuple[Confusion, ...]

    def plain(self) -> dict[str, Any]:
        """Return the same in JSON's own types."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Read what ``plain`` returned."""
        return cls(
            tickets=plain["tickets"],
            since=plain["since"],
            until=plain["until"],
            labels=tuple(LabelRow(**row) for row in plain["labels"]),
            matrix=tuple(tuple(row) for row in plain["matrix"]),
            reliability=tuple(ReliabilityBin(**item) for item in plain["reliability"]),
            confusions=tuple(
                Confusion(**{**item, "examples": tuple(item["examples"])})
                for item in plain["confusions"]
            ),
        )


def card(
    name: LabelName,
    unseen: Sequence[TrainingTicket],
    labels: Sequence[str],
    table: Doubles,
    released: Mapping[str, LabelThreshold],
) -> Card:
    """Judge probabilities of unseen tickets.

    Args:
        name: Which kind of label.
        unseen: The tickets, all labelled.
        labels: What the columns of the table stand for.
        table: A row of probabilities for each ticket.
        released: The thresholds of the classifier that is released, which learned from these
            tickets too.
    """
    truth = [str(ticket.label(name)) for ticket in unseen]
    guesses = [labels[at] for at in table.argmax(axis=1)]
    times = [ticket.created_at for ticket in unseen if ticket.created_at]
    rows = _rows(truth, guesses, released)
    return Card(
        tickets=len(unseen),
        since=min(times).isoformat() if times else "",
        until=max(times).isoformat() if times else "",
        labels=rows,
        matrix=_matrix(truth, guesses, [row.label for row in rows]),
        reliability=tuple(_reliability(truth, guesses, table)),
        confusions=tuple(_confusions(unseen, truth, guesses)),
    )


def _rows(
    truth: Sequence[str], guesses: Sequence[str], released: Mapping[str, LabelThreshold]
) -> tuple[LabelRow, ...]:
    held, guessed = Counter(truth), Counter(guesses)
    hits = Counter(label for label, guess in zip(truth, guesses, strict=True) if label == guess)
    known = sorted({*held, *guessed, *released}, key=lambda label: (-held[label], label))
    return tuple(
        _row(label, held[label], guessed[label], hits[label], released.get(label))
        for label in known[:_MOST_LABELS]
    )


def _row(
    label: str, held: int, guessed: int, hits: int, threshold: LabelThreshold | None
) -> LabelRow:
    fills_in = threshold is not None and threshold.may_fill_in
    return LabelRow(
        label=label,
        tickets=held,
        guessed=guessed,
        precision=_share(hits, guessed),
        recall=_share(hits, held),
        f1=_share(2 * hits, held + guessed),
        learned_from=threshold.tickets if threshold else 0,
        automatic=round(threshold.automatic, 4) if threshold and fills_in else None,
        needed=threshold.needed if threshold else None,
    )


def _matrix(
    truth: Sequence[str], guesses: Sequence[str], labels: Sequence[str]
) -> tuple[tuple[int, ...], ...]:
    if len(labels) > MOST_IN_MATRIX:
        return ()
    pairs = Counter(zip(truth, guesses, strict=True))
    return tuple(tuple(pairs[label, guess] for guess in labels) for label in labels)


def _reliability(
    truth: Sequence[str], guesses: Sequence[str], table: Doubles
) -> Iterator[ReliabilityBin]:
    confidence = table.max(axis=1)
    right = np.array([label == guess for label, guess in zip(truth, guesses, strict=True)])
    bins: Ints = np.minimum((confidence * BINS).astype(int), BINS - 1)
    for at in np.unique(bins):
        inside = bins == at
        yield ReliabilityBin(
            tickets=int(inside.sum()),
            confidence=round(float(confidence[inside].mean()), 4),
            accuracy=round(float(right[inside].mean()), 4),
        )


def _confusions(
    unseen: Sequence[TrainingTicket], truth: Sequence[str], guesses: Sequence[str]
) -> Iterator[Confusion]:
    wrong: dict[tuple[str, str], list[TrainingTicket]] = {}
    for ticket, label, guess in zip(unseen, truth, guesses, strict=True):
        if label != guess:
            wrong.setdefault((label, guess), []).append(ticket)
    worst = sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0]))
    for (label, guess), tickets in worst[:_CONFUSIONS]:
        yield Confusion(
            label=label,
            guess=guess,
            tickets=len(tickets),
            examples=tuple(_example(ticket) for ticket in tickets[-_EXAMPLES:]),
        )


def _example(ticket: TrainingTicket) -> str:
    text = redact(ticket.title or ticket.body).text
    line = " ".join(text.split())
    return line if len(line) <= _EXAMPLE_CHARS else f"{line[:_EXAMPLE_CHARS]}…"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
