"""The shape of a process profile: what a TOML file in this folder may say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from kbservice.errors import NotFound
from kbservice.profiles.canonical import CanonicalCategory, CanonicalPriority, Phase
from kbservice.profiles.clocks import Event, NoTarget, Stage, StageClock
from kbservice.profiles.radar import RadarRules
from kbservice.profiles.wording import Bilingual, Named, Part, Phrases, Slug, Sourced

TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Axis(Named):
    """One dimension along which tickets are sorted.

    Attributes:
        is_open: The source ends its list with "and so on"; further values may be added.
    """

    is_open: bool = False


class Category(Named):
    """A problem category, with the words that a classifier without training goes by.

    Attributes:
        axis: Which dimension it belongs to.
        kind: The kind of ticket that this category usually is.
        queue: The team it goes to, where the process names one.
    """

    axis: Slug
    canonical: CanonicalCategory
    kind: Slug
    queue: Slug | None = None
    criteria: Bilingual
    examples: Phrases
    keywords: Phrases


class RequiredDetail(Sourced):
    """A detail that a ticket of some kind needs, and how to ask for it; the most useful first.

    Attributes:
        example: A good answer.
        keywords: Their presence in the text tells that the detail is given.
        patterns: Regular expressions that tell the same.
        given: Intake fields that hold it; ``field`` itself always does.
        told_by: Priority rules whose phrases tell the same: "nobody can" says who is affected.
    """

    field: Slug
    labels: Bilingual
    question: Bilingual
    example: Bilingual | None = None
    keywords: Phrases = Phrases()
    patterns: tuple[str, ...] = ()
    given: tuple[Slug, ...] = ()
    told_by: tuple[Slug, ...] = ()


class Kind(Named):
    """What the requester wants: a fault repaired, a question answered, a wish noted."""

    keywords: Phrases
    required: tuple[RequiredDetail, ...] = ()


class Urgency(Named):
    """How urgent the requester says it is.

    Attributes:
        suggests: The priority to presume until somebody assesses one.
    """

    rank: int = Field(ge=1)
    suggests: Slug
    criteria: Bilingual | None = None


class Priority(Named):
    """How urgent it is as assessed; rank 1 is the most urgent."""

    rank: int = Field(ge=1)
    canonical: CanonicalPriority
    criteria: Bilingual
    examples: Phrases
    keywords: Phrases


class PriorityRule(Named):
    """Phrases that lift a ticket to a priority at least, and the name of the reason."""

    at_least: Slug
    phrases: Phrases


class FromCanonical(Part):
    """The way back from the canonical scales; complete by check."""

    categories: Mapping[CanonicalCategory, Slug]
    priorities: Mapping[CanonicalPriority, Slug]


class Thresholds(Sourced):
    """When a prediction is filled in (``auto``) or offered (``review``).

    Attributes:
        auto: Least confidence for filling in, on top of what the promise asks for.
        review: Least confidence for offering.
        promised_precision: Share of the values filled in unasked that are to be right.
        promised_coverage: Share of the tickets whose true value is to be among those offered.
    """

    auto: float = Field(ge=0, le=1)
    review: float = Field(ge=0, le=1)
    promised_precision: float = Field(default=0.95, ge=0.5, lt=1)
    promised_coverage: float = Field(default=0.9, ge=0.5, lt=1)


class PriorityCost(Sourced):
    """What a wrong priority costs per level: too low (``under``) and too high (``over``)."""

    under: float = Field(gt=0)
    over: float = Field(gt=0)


class NumberPattern(Sourced):
    """How ticket numbers look: prefix, date, separator, serial.

    Attributes:
        digits: Least width of the serial; it grows beyond and never wraps.
        period: When the serial starts anew.
    """

    prefix: Annotated[str, Field(pattern=r"^[A-Z]*-?$", max_length=10)] = ""
    date_format: Literal["%Y%m%d", "%Y%m", "%Y"]
    separator: Literal["", "-"] = ""
    digits: int = Field(ge=1, le=9)
    period: Literal["day", "month", "year"]
    example: str

    @property
    def scope(self) -> str:
        """Name of the counter: profiles whose numbers look alike must share one."""
        return f"{self.prefix}{self.date_format}{self.separator}"


class Opening(Part):
    """A stretch of working time within one day."""

    start: TimeOfDay
    end: TimeOfDay


class WorkingHours(Sourced):
    """When the team works.

    Attributes:
        days: ``china`` follows the public holidays and make-up working days of China.
    """

    zone: str
    days: Literal["china", "monday_to_friday", "every_day"]
    openings: tuple[Opening, ...] = Field(min_length=1)


class State(Sourced):
    """A state of a ticket."""

    key: Slug
    labels: Bilingual
    phase: Phase
    initial: bool = False
    terminal: bool = False


class Transition(Sourced):
    """One allowed step; ``guards`` are values of ``Profile.gates``."""

    event: Event
    origins: tuple[Slug, ...] = Field(min_length=1)
    to: Slug
    guards: tuple[Slug, ...] = ()


class Verification(Named):
    """One check that must pass before a ticket counts as solved."""

    role: Slug
    environment: Literal["any", "test", "production"] = "any"


class Level(Part):
    """One answer of the satisfaction question; ``is_bad`` calls for a follow-up."""

    value: Slug
    labels: Bilingual
    score: int = Field(ge=1)
    is_bad: bool = False


class Satisfaction(Sourced):
    """The satisfaction question: levels best first, and what is rated."""

    levels: tuple[Level, ...] = Field(min_length=2)
    dimensions: tuple[Named, ...] = ()
    has_comment: bool = True
    channels: tuple[Named, ...] = ()


class MaskingRule(Sourced):
    """What of a personal field is hidden when shown.

    Attributes:
        hides: ``middle4``/``last4`` digits of a phone number, ``local_part`` of an e-mail
            address, ``name``: all but the family name or title, ``nothing``: shown as it is.
    """

    field: Literal["phone", "email", "requester_name", "handler_name", "extension"]
    hides: Literal["middle4", "last4", "local_part", "name", "nothing"]
    character: Literal["*"] = "*"
    example: str = ""


class Retention(Sourced):
    """How long records are kept at least."""

    years: int | NoTarget


class Review(Named):
    """A recurring or triggered look back at the tickets."""

    period: Literal["week", "month", "quarter", "on_trigger", "unspecified"]
    covers: tuple[Bilingual, ...] = ()


class EscalationRule(Named):
    """When and to whom a ticket goes up.

    Attributes:
        clock: The clock whose due time triggers it.
        triggers: Facts that trigger it at once.
        to: Role that takes over or joins.
        notifies: Roles that are told.
        states: What the escalation request must say.
    """

    clock: Stage | None = None
    triggers: tuple[Bilingual, ...] = ()
    to: Slug
    notifies: tuple[Slug, ...] = ()
    states: tuple[Bilingual, ...] = ()


class RecordField(Named):
    """One column of the process's ticket record."""

    rule: Bilingual
    example: str = ""


class Profile(Part):
    """A process definition: one version of how a team handles tickets."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    version: int = Field(ge=1)
    valid_from: date
    labels: Bilingual
    sources: tuple[str, ...]
    scope: tuple[Named, ...] = ()
    acknowledgement: Bilingual
    axes: tuple[Axis, ...]
    categories: tuple[Category, ...] = Field(min_length=1)
    kinds: tuple[Kind, ...] = Field(min_length=1)
    urgencies: tuple[Urgency, ...] = ()
    default_urgency: Slug | None = None
    priorities: tuple[Priority, ...] = Field(min_length=2)
    priority_rules: tuple[PriorityRule, ...] = ()
    priority_set_by: Slug
    from_canonical: FromCanonical
    thresholds: Thresholds
    priority_cost: PriorityCost
    radar: RadarRules = RadarRules()
    number: NumberPattern
    working_hours: WorkingHours
    clocks: tuple[StageClock, ...] = ()
    states: tuple[State, ...] = Field(min_length=2)
    transitions: tuple[Transition, ...] = ()
    landing_states: Mapping[Event, Slug]
    gates: tuple[Named, ...] = ()
    verifications: tuple[Verification, ...] = ()
    satisfaction: Satisfaction | None = None
    masking: tuple[MaskingRule, ...] = ()
    retention: Retention
    reviews: tuple[Review, ...] = ()
    escalation: tuple[EscalationRule, ...] = ()
    roles: tuple[Named, ...] = Field(min_length=1)
    channels: tuple[Named, ...] = Field(min_length=1)
    queues: tuple[Named, ...] = ()
    dispatch_rules: tuple[Named, ...] = ()
    remedies: tuple[Named, ...] = ()
    outcomes: tuple[Named, ...] = ()
    solution_parts: tuple[Named, ...] = ()
    article_parts: tuple[Named, ...] = ()
    archive_papers: tuple[Named, ...] = ()
    record: tuple[RecordField, ...] = ()

    def choices(self, field: str) -> tuple[Named, ...] | None:
        """Return what a category, priority, urgency or kind may be; None of other fields."""
        choices: dict[str, tuple[Named, ...]] = {
            "category": self.categories,
            "priority": self.priorities,
            "urgency": self.urgencies,
            "kind": self.kinds,
        }
        return choices.get(field)

    def category(self, value: str) -> Category:
        """Return the category with this value.

        Raises:
            NotFound: The profile has none such.
        """
        for category in self.categories:
            if category.value == value:
                return category
        raise NotFound("Profile {profile} has no category {value}", profile=self.key, value=value)

    def priority(self, value: str) -> Priority:
        """Return the priority with this value.

        Raises:
            NotFound: The profile has none such.
        """
        for priority in self.priorities:
            if priority.value == value:
                return priority
        raise NotFound("Profile {profile} has no priority {value}", profile=self.key, value=value)

    def kind(self, value: str) -> Kind:
        """Return the kind with this value.

        Raises:
            NotFound: The profile has none such.
        """
        for kind in self.kinds:
            if kind.value == value:
                return kind
        raise NotFound("Profile {profile} has no kind {value}", profile=self.key, value=value)

    def urgency(self, value: str) -> Urgency:
        """Return the urgency with this value.

        Raises:
            NotFound: The profile has none such.
        """
        for urgency in self.urgencies:
            if urgency.value == value:
                return urgency
        raise NotFound("Profile {profile} has no urgency {value}", profile=self.key, value=value)

    def state(self, key: str) -> State:
        """Return the state with this key.

        Raises:
            NotFound: The profile has none such.
        """
        for state in self.states:
            if state.key == key:
                return state
        raise NotFound("Profile {profile} has no state {value}", profile=self.key, value=key)

    def clock(self, stage: str) -> StageClock | None:
        """Return the clock of a stage, or None where the process has no such stage."""
        return next((clock for clock in self.clocks if clock.value == stage), None)

    @property
    def initial_state(self) -> State:
        """The state a new ticket is in."""
        return next(state for state in self.states if state.initial)

    @property
    def priorities_by_rank(self) -> tuple[Priority, ...]:
        """Priorities, the most urgent first."""
        return tuple(sorted(self.priorities, key=lambda priority: priority.rank))

    def label(self, thing: Named | State | RequiredDetail | Level | Profile, locale: str) -> str:
        """Return the name of a part, or of the profile, in the reader's language."""
        return thing.labels.text(locale)
