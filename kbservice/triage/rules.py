"""The profile's own priority rules: named phrases that lift a ticket to a priority at least."""

from __future__ import annotations

from dataclasses import dataclass

from kbservice.profiles.schema import PriorityRule, Profile
from kbservice.text.languages import language_of
from kbservice.triage.classifier import Evidence, TicketText
from kbservice.triage.phrases import Searchable


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredRule:
    """A rule whose phrase the ticket states.

    Attributes:
        name: What the rule is called, in the ticket's language.
        at_least: The priority it asks for.
        phrase: The phrase that was found.
    """

    value: str
    name: str
    at_least: str
    phrase: str
    field: str
    start: int
    end: int

    @property
    def evidence(self) -> Evidence:
        """The rule as a reason; its text is the rule's name, its place the phrase's."""
        return Evidence(
            source="rule",
            text=self.name,
            field=self.field,
            start=self.start,
            end=self.end,
            value=self.value,
        )


def fired(profile: Profile, ticket: TicketText) -> tuple[FiredRule, ...]:
    """Return the rules that the ticket fires, each once, in the profile's order."""
    searchable = Searchable(ticket)
    language = language_of(f"{ticket.title}\n{ticket.body}")
    found = (_fired(rule, searchable, language) for rule in profile.priority_rules)
    return tuple(rule for rule in found if rule is not None)


def _fired(rule: PriorityRule, searchable: Searchable, language: str) -> FiredRule | None:
    for phrase in rule.phrases.all:
        if place := searchable.find_stated(phrase):
            return FiredRule(
                value=rule.value,
                name=rule.labels.text(language),
                at_least=rule.at_least,
                phrase=phrase,
                field=place.field,
                start=place.start,
                end=place.end,
            )
    return None
