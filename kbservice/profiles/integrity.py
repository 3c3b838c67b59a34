"""Finds contradictions within a profile that its schema cannot see."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kbservice.profiles.canonical import CATEGORIES, PRIORITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from kbservice.profiles.schema import Profile

_DATE_PARTS = {"day": "%d", "month": "%m", "year": "%Y"}
_LANDING_EVENTS = ("resolve", "close", "archive", "reopen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One contradiction: where, and what is wrong."""

    place: str
    problem: str


def check(profile: Profile) -> list[Finding]:
    """Return every contradiction; an empty list means that the profile is sound."""
    return [
        *_repeated(profile),
        *_dangling(profile),
        *_unmapped(profile),
        *_bad_scales(profile),
        *_bad_clocks(profile),
        *_bad_states(profile),
        *_bad_number(profile),
        *_bad_words(profile),
    ]


def _repeated(profile: Profile) -> Iterator[Finding]:
    groups: dict[str, Iterable[str | int]] = {
        "axes": (axis.value for axis in profile.axes),
        "categories": (category.value for category in profile.categories),
        "kinds": (kind.value for kind in profile.kinds),
        "urgencies": (urgency.value for urgency in profile.urgencies),
        "urgencies.rank": (urgency.rank for urgency in profile.urgencies),
        "priorities": (priority.value for priority in profile.priorities),
        "priorities.rank": (priority.rank for priority in profile.priorities),
        "priority_rules": (rule.value for rule in profile.priority_rules),
        "clocks": (clock.value for clock in profile.clocks),
        "states": (state.key for state in profile.states),
        "gates": (gate.value for gate in profile.gates),
        "roles": (role.value for role in profile.roles),
        "channels": (channel.value for channel in profile.channels),
        "queues": (queue.value for queue in profile.queues),
        "record": (field.value for field in profile.record),
    }
    for place, values in groups.items():
        for value, times in Counter(values).items():
            if times > 1:
                yield Finding(place=place, problem=f"{value} occurs {times} times")


def _dangling(profile: Profile) -> Iterator[Finding]:
    known: dict[str, Collection[str]] = {
        "axis": {axis.value for axis in profile.axes},
        "kind": {kind.value for kind in profile.kinds},
        "queue": {queue.value for queue in profile.queues},
        "urgency": {urgency.value for urgency in profile.urgencies},
        "priority": {priority.value for priority in profile.priorities},
        "priority_rule": {rule.value for rule in profile.priority_rules},
        "role": {role.value for role in profile.roles},
        "state": {state.key for state in profile.states},
        "gate": {gate.value for gate in profile.gates},
        "clock": {clock.value for clock in profile.clocks},
    }
    for place, sort, value in _references(profile):
        if value not in known[sort]:
            yield Finding(place=place, problem=f"there is no {sort} {value}")


def _references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    yield "priority_set_by", "role", profile.priority_set_by
    if profile.default_urgency is not None:
        yield "default_urgency", "urgency", profile.default_urgency
    for canonical, value in profile.from_canonical.priorities.items():
        yield f"from_canonical.priorities.{canonical}", "priority", value
    for urgency in profile.urgencies:
        yield f"urgencies.{urgency.value}.suggests", "priority", urgency.suggests
    for rule in profile.priority_rules:
        yield f"priority_rules.{rule.value}.at_least", "priority", rule.at_least
    if profile.radar.priority_rule is not None:
        yield "radar.priority_rule", "priority_rule", profile.radar.priority_rule
    yield from _category_references(profile)
    yield from _detail_references(profile)
    yield from _state_references(profile)
    yield from _clock_references(profile)
    yield from _people_references(profile)


def _category_references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    for category in profile.categories:
        place = f"categories.{category.value}"
        yield f"{place}.axis", "axis", category.axis
        yield f"{place}.kind", "kind", category.kind
        if category.queue is not None:
            yield f"{place}.queue", "queue", category.queue


def _detail_references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    for kind in profile.kinds:
        for detail in kind.required:
            for rule in detail.told_by:
                yield f"kinds.{kind.value}.{detail.field}.told_by", "priority_rule", rule


def _state_references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    for event, key in profile.landing_states.items():
        yield f"landing_states.{event}", "state", key
    for transition in profile.transitions:
        place = f"transitions.{transition.event}"
        for key in (*transition.origins, transition.to):
            yield place, "state", key
        for guard in transition.guards:
            yield f"{place}.guards", "gate", guard


def _clock_references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    for clock in profile.clocks:
        for key in clock.paused_in:
            yield f"clocks.{clock.value}.paused_in", "state", key
        for value in clock.by_priority:
            yield f"clocks.{clock.value}.by_priority", "priority", value
        if clock.not_later_than is not None:
            yield f"clocks.{clock.value}.not_later_than", "clock", clock.not_later_than


def _people_references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    for verification in profile.verifications:
        yield f"verifications.{verification.value}.role", "role", verification.role
    for rule in profile.escalation:
        for role in (rule.to, *rule.notifies):
            yield f"escalation.{rule.value}", "role", role
        if rule.clock is not None:
            yield f"escalation.{rule.value}.clock", "clock", rule.clock


def _unmapped(profile: Profile) -> Iterator[Finding]:
    yield from _unmapped_scale(
        "from_canonical.categories",
        {canonical: profile.from_canonical.categories.get(canonical) for canonical in CATEGORIES},
        {category.value: category.canonical for category in profile.categories},
    )
    yield from _unmapped_scale(
        "from_canonical.priorities",
        {canonical: profile.from_canonical.priorities.get(canonical) for canonical in PRIORITIES},
        {priority.value: priority.canonical for priority in profile.priorities},
    )


def _unmapped_scale(
    place: str, back: Mapping[Any, str | None], own: Mapping[str, str]
) -> Iterator[Finding]:
    """Each canonical value needs a way back, and the way back must not change what it means."""
    for canonical, value in back.items():
        if value is None:
            yield Finding(place=place, problem=f"{canonical} has no value")
        elif value not in own:
            yield Finding(place=place, problem=f"{canonical} leads to unknown {value}")
        elif canonical in own.values() and own[value] != canonical:
            yield Finding(place=place, problem=f"{canonical} leads to {value}, of {own[value]}")


def _bad_scales(profile: Profile) -> Iterator[Finding]:
    ranks = [priority.rank for priority in profile.priorities_by_rank]
    if ranks != list(range(1, len(ranks) + 1)):
        yield Finding(place="priorities.rank", problem="ranks are not 1, 2, 3, ...")
    canonical = [priority.canonical for priority in profile.priorities_by_rank]
    if canonical != sorted(canonical):
        yield Finding(place="priorities.canonical", problem="the canonical order differs")
    rank_of = {priority.value: priority.rank for priority in profile.priorities}
    back = [profile.from_canonical.priorities.get(canonical) for canonical in PRIORITIES]
    known = [rank_of[value] for value in back if value in rank_of]
    if known != sorted(known):
        yield Finding(place="from_canonical.priorities", problem="the way back changes the order")
    if profile.thresholds.review > profile.thresholds.auto:
        yield Finding(place="thresholds", problem="review lies above auto")
    if profile.satisfaction is not None:
        scores = [level.score for level in profile.satisfaction.levels]
        if scores != sorted(set(scores), reverse=True):
            yield Finding(place="satisfaction.levels", problem="levels do not stand best first")


def _bad_clocks(profile: Profile) -> Iterator[Finding]:
    priorities = {priority.value for priority in profile.priorities}
    for clock in profile.clocks:
        missing = priorities - set(clock.by_priority)
        if clock.by_priority and missing:
            yield Finding(
                place=f"clocks.{clock.value}",
                problem=f"says nothing of {', '.join(sorted(missing))}",
            )
    openings = [(opening.start, opening.end) for opening in profile.working_hours.openings]
    bounds = [bound for opening in openings for bound in opening]
    if bounds != sorted(bounds) or any(start == end for start, end in openings):
        yield Finding(place="working_hours", problem="openings overlap, are empty or out of order")


def _bad_states(profile: Profile) -> Iterator[Finding]:
    initial = [state.key for state in profile.states if state.initial]
    if len(initial) != 1:
        yield Finding(place="states", problem=f"{len(initial)} initial states, 1 expected")
    if not any(state.terminal for state in profile.states):
        yield Finding(place="states", problem="no terminal state")
    reached = _reachable(profile, initial)
    for state in profile.states:
        if state.key not in reached:
            yield Finding(place=f"states.{state.key}", problem="cannot be reached")
        leaves = any(
            state.key in step.origins and step.event != "reopen" for step in profile.transitions
        )
        if leaves == state.terminal:
            problem = "is terminal but has a way out" if leaves else "has no way out"
            yield Finding(place=f"states.{state.key}", problem=problem)
    for event in _LANDING_EVENTS:
        if event not in profile.landing_states:
            yield Finding(place="landing_states", problem=f"{event} has no state")


def _reachable(profile: Profile, start: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    frontier = set(start)
    while frontier:
        reached |= frontier
        frontier = {
            step.to for step in profile.transitions if reached.intersection(step.origins)
        } - reached
    return reached


def _bad_number(profile: Profile) -> Iterator[Finding]:
    pattern = profile.number
    if _DATE_PARTS[pattern.period] != pattern.date_format[-2:]:
        yield Finding(
            place="number",
            problem=f"a new serial each {pattern.period} needs that much of the date, no more",
        )
    width = {"%Y%m%d": 8, "%Y%m": 6, "%Y": 4}[pattern.date_format]
    expected = (
        re.escape(pattern.prefix)
        + rf"\d{{{width}}}"
        + re.escape(pattern.separator)
        + rf"\d{{{pattern.digits}}}"
    )
    if re.fullmatch(expected, pattern.example) is None:
        yield Finding(place="number.example", problem=f"{pattern.example} does not fit the pattern")


def _bad_words(profile: Profile) -> Iterator[Finding]:
    groups = {
        **{f"categories.{part.value}": part.keywords for part in profile.categories},
        **{f"kinds.{part.value}": part.keywords for part in profile.kinds},
        **{f"priorities.{part.value}": part.keywords for part in profile.priorities},
        **{f"priority_rules.{part.value}": part.phrases for part in profile.priority_rules},
    }
    for place, phrases in groups.items():
        if not phrases.zh or not phrases.en:
            yield Finding(place=place, problem="needs words in both languages")
        for phrase in phrases.all:
            if phrase != phrase.lower().strip():
                yield Finding(place=place, problem=f"{phrase!r} is not lower case")
    for kind in profile.kinds:
        for detail in kind.required:
            yield from _bad_regexes(f"kinds.{kind.value}.{detail.field}", detail.patterns)


def _bad_regexes(place: str, patterns: Iterable[str]) -> Iterator[Finding]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield Finding(place=place, problem=f"pattern {pattern!r}: {error}")
