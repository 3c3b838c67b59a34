"""Tells a burst of similar reports from a busy day.

Compared is the share of similar reports in the window with their share before it: on a busy day
all subjects grow, in an incident one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, lgamma
from typing import Final

from kbservice.radar.stream import ALIKE, Alike, Stream

# Before anything is known, one ticket in fifty resembles a given one.
_PRIOR_ALIKE: Final = 1.0
_PRIOR_OTHER: Final = 49.0
_LEAST_TIMES_USUAL: Final = 3.0
# Reports that are only related must be so much less likely by chance, and of one person more.
_RELATED_CHANCE: Final = 0.1
_RELATED_REQUESTERS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstRule:
    """What makes a burst.

    Attributes:
        window_s: How far back it looks.
        requesters: So many different people at least.
        chance: Greatest probability with which usual traffic may look like this.
    """

    window_s: float
    requesters: int
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Similar reports that are more than usual.

    Attributes:
        members: Earlier reports in the window, oldest first.
        requesters: How many people reported, the newest included.
        traffic: All tickets in the window, the newest included.
        expected: How many similar ones the usual share makes of that traffic.
        chance: Probability that usual traffic holds as many.
    """

    members: tuple[Alike, ...]
    requesters: int
    traffic: int
    expected: float
    chance: float


def burst(
    stream: Stream, related: Sequence[Alike], *, at_s: float, requester: str, rule: BurstRule
) -> Burst | None:
    """Return the burst that a new report belongs to, or None.

    Short reports in Chinese have few words in common, however they are cut. If those that are
    alike make no burst, all that are related may, at a smaller chance.

    Args:
        stream: All recent reports.
        related: Those of them that may be about the same trouble.
        at_s: When the new one came, in seconds.
        requester: Who asks.
        rule: What makes a burst.
    """
    alike = [item for item in related if item.likeness >= ALIKE]
    stricter = replace(
        rule,
        chance=rule.chance * _RELATED_CHANCE,
        requesters=rule.requesters + _RELATED_REQUESTERS,
    )
    return _burst(stream, alike, at_s, requester, rule) or _burst(
        stream, related, at_s, requester, stricter
    )


def _burst(
    stream: Stream, alike: Sequence[Alike], at_s: float, requester: str, rule: BurstRule
) -> Burst | None:
    since = at_s - rule.window_s
    members = [item for item in alike if item.report.came_since(since)]
    people = {item.report.requester for item in members} | {requester}
    if len(people) < rule.requesters:
        return None
    traffic = sum(1 for report in stream.reports if report.came_since(since))
    before = len(stream) - traffic
    usual = len(alike) - len(members)
    # A person who reports five times is one sign, not five.
    signs = len(people) - 1
    share = (_PRIOR_ALIKE + usual) / (_PRIOR_ALIKE + _PRIOR_OTHER + before)
    expected = share * traffic
    chance = _tail(signs, traffic, usual, before)
    if chance > rule.chance or signs < _LEAST_TIMES_USUAL * expected:
        return None
    return Burst(
        members=tuple(members),
        requesters=len(people),
        traffic=traffic + 1,
        expected=expected,
        chance=chance,
    )


def _tail(signs: int, traffic: int, usual: int, before: int) -> float:
    """Return the probability of ``signs`` or more among ``traffic``: beta-binomial.

    The usual share is known only as well as the tickets before tell it, and that counts too.
    """
    alike, other = _PRIOR_ALIKE + usual, _PRIOR_OTHER + before - usual
    return min(1.0, sum(_chance(k, traffic, alike, other) for k in range(signs, traffic + 1)))


def _chance(k: int, n: int, alike: float, other: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + _log_beta(k + alike, n - k + other) - _log_beta(alike, other))


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)
