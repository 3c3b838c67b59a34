"""Watches week by week whether tickets are still like those that the classifier learned from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from kbservice.clock import Clock
from kbservice.profiles.schema import Profile
from kbservice.services.derived import Derived
from kbservice.services.profiles import ProfileBook
from kbservice.services.releases import Releases
from kbservice.store import suggestions as store
from kbservice.store.database import Database
from kbservice.store.suggestions import Guess
from kbservice.text.masking import without_masks
from kbservice.triage.artifacts import Release
from kbservice.triage.classifier import TicketText
from kbservice.triage.drift import (
    LEAST_TICKETS,
    DriftState,
    Sample,
    Signal,
    sample,
    signals,
)
from kbservice.triage.vocabulary import Vocabulary

log = structlog.get_logger(__name__)

WEEKS: Final = 8
_WEEK: Final = timedelta(days=7)
_LOOK_EVERY_S: Final = 600.0
# So many texts of a week are enough to know the share of unknown words.
_TEXTS: Final = 300


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence: a catalogue key with placeholders filled from ``facts``."""

    message: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days of tickets, beside what was usual."""

    start: datetime
    tickets: int
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """The last weeks, newest first; without any where no release says what was usual.

    Attributes:
        release: Against whose training the weeks are held; empty if there is none.
    """

    release: str
    weeks: tuple[Week, ...]

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The figures of the last seven days."""
        return self.weeks[0].signals if self.weeks else ()

    @property
    def state(self) -> DriftState:
        """How the last seven days stand: drifting if any figure is."""
        states = {signal.state for signal in self.signals}
        if "drifting" in states:
            return "drifting"
        return "steady" if "steady" in states else "unknown"

    def sentences(self) -> Iterator[Told]:
        """Yield what the last seven days say, one sentence a figure."""
        if not self.weeks:
            yield Told("No release says yet what is usual", {})
        elif self.state == "unknown":
            yield Told(
                "Only {tickets} tickets in the last seven days; {least} are needed",
                {"tickets": self.weeks[0].tickets, "least": LEAST_TICKETS},
            )
        else:
            yield from map(_told, self.signals)

    def faults(self) -> Iterator[Told]:
        """Yield the sentences of what drifts."""
        yield from (_told(signal) for signal in self.signals if signal.state == "drifting")


class DriftWatch:
    """Compares what was guessed of the last weeks' tickets with what training saw."""

    def __init__(
        self,
        *,
        database: Database,
        profiles: ProfileBook,
        releases: Releases,
        clock: Clock,
        is_prompt: bool = False,
    ) -> None:
        """Watch the instance's profile.

        Args:
            database: Holds the answers that were given.
            profiles: Says which profile that is.
            releases: Says what was usual.
            clock: Says when the last week ends.
            is_prompt: Compute with every question, not every ten minutes in the background.
        """
        self._database = database
        self._profiles = profiles
        self._releases = releases
        self._clock = clock
        self._report: Derived[DriftReport] = Derived(
            stamp=time.monotonic,
            build=self._looked,
            interval_s=0.0 if is_prompt else _LOOK_EVERY_S,
            in_background=not is_prompt,
        )

    def report(self) -> DriftReport:
        """Return how the last weeks stand, at most ten minutes old."""
        return self._report.get()

    def tick(self) -> None:
        """Keep the report fresh; costs nothing while it is, and never waits for it."""
        self._report.ready()

    def faults(self) -> Iterator[str]:
        """Yield what drifts, in plain words."""
        for told in self.report().faults():
            yield told.message.format_map(told.facts)

    def latest(self) -> DriftReport | None:
        """Return the report if it is there, and begin to make one otherwise."""
        return self._report.ready()

    def _looked(self, before: DriftReport | None) -> DriftReport:
        profile = self._profiles.get("")
        release = self._releases.current(profile.key)
        if release is None:
            return DriftReport(release="", weeks=())
        found = DriftReport(release=release.id, weeks=tuple(self._weeks(release, profile)))
        if found.state != (before.state if before else "unknown"):
            log.warning(
                "classifier_drift_changed",
                state=found.state,
                release=release.id,
                drifting=[signal.name for signal in found.signals if signal.state == "drifting"],
            )
        return found

    def _weeks(self, release: Release, profile: Profile) -> Iterator[Week]:
        plain = release.manifest.get("usual")
        if not plain:
            return
        usual, end = Sample.of(plain), self._clock.now()
        with self._database.reading() as session:
            guesses = store.guesses(session, profile.key, since=end - WEEKS * _WEEK)
        vocabulary = Vocabulary.of(release.classifiers["category"].vectoriser)
        for back in range(1, WEEKS + 1):
            start = end - back * _WEEK
            own = [guess for guess in guesses if start < guess.at <= start + _WEEK]
            week = _sampled(own, vocabulary)
            review = profile.thresholds.review
            yield Week(start=start, tickets=len(own), signals=signals(usual, week, review=review))


def _sampled(guesses: Sequence[Guess], vocabulary: Vocabulary) -> Sample:
    step = max(1, len(guesses) // _TEXTS)
    unknown = [vocabulary.unknown(_text(guess)) for guess in guesses[::step]]
    return sample(((guess.category, guess.confidence) for guess in guesses), unknown)


def _text(guess: Guess) -> TicketText:
    asked = guess.question
    return TicketText(
        title=without_masks(str(asked.get("title", ""))),
        body=without_masks(str(asked.get("body", ""))),
    )


def _told(signal: Signal) -> Told:
    facts = {
        "value": f"{signal.value:.0%}",
        "usual": f"{signal.usual:.0%}",
        "bar": f"{signal.bar:.0%}",
    }
    if signal.name == "abstentions":
        return Told(
            "No category was offered for {value} of the tickets; {usual} is usual, "
            "above {bar} it is drift",
            facts,
        )
    if signal.name == "words":
        return Told(
            "{value} of the words are unknown; {usual} is usual, above {bar} it is drift", facts
        )
    facts = {"value": f"{signal.value:.2f}", "bar": f"{signal.bar:.2f}"}
    if not signal.movers:
        return Told(
            "The mix of categories differs by {value} (population stability index); "
            "above {bar} it is drift",
            facts,
        )
    movers = ", ".join(
        f"{mover.label} {mover.usual:.0%} → {mover.share:.0%}" for mover in signal.movers
    )
    return Told(
        "The mix of categories differs by {value} (population stability index), most by {movers}; "
        "above {bar} it is drift",
        {**facts, "movers": movers},
    )
