"""Labels that a person had better look at again before anything is learned from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final, Literal

from kbservice.triage.measures import wilson_lower_bound, wilson_upper_bound

Suspicion = Literal["contradicted", "bulk", "account"]

_HARDLY: Final = 0.01
# Against what is usual for the label: some are always hard to tell.
_BELOW_USUAL: Final = 0.1
# People are to look at these. On clean public sets .5 to 3.5 % would be asked for; of those asked
# where 5 % had been changed on purpose, 45 to 97 % were such.
_MOST: Final = 0.03
_BULK: Final = 20
_BULK_WITHIN: Final = timedelta(minutes=10)
_BULK_WRONG: Final = 0.5
_ACCOUNT_LABELS: Final = 20
_ACCOUNT_WRONG: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A label that somebody gave a ticket, and what a classifier that had not seen it says.

    Attributes:
        ticket: Its number.
        by: The account that gave the label; empty for imports.
        at: When.
        predicted: The likeliest label.
        confidence: Its probability.
        own: Probability of the label that was given.
    """

    ticket: str
    value: str
    by: str
    at: datetime
    predicted: str
    confidence: float
    own: float

    @property
    def is_disputed(self) -> bool:
        """Whether another label is likelier."""
        return self.predicted != self.value


def suspicious(claims: Sequence[Claim]) -> Mapping[str, Suspicion]:
    """Return which tickets' labels to look at again, and why.

    ``contradicted``: the prediction is at least as sure of another label as it usually is of
    that one, and hardly believes the given one (confident learning, Northcutt et al. 2021, with
    a stricter bar); of these the most unlikely 3 % of all labels. ``bulk``: one account gave
    many tickets the same label within minutes, and most of them look otherwise. ``account``: an
    account's labels are disputed clearly more often than those of all others.
    """
    found: dict[str, Suspicion] = {}
    for claim in _of_odd_accounts(claims):
        found[claim.ticket] = "account"
    for claim in _in_bulk(claims):
        found[claim.ticket] = "bulk"
    for claim in _contradicted(claims):
        found[claim.ticket] = "contradicted"
    return found


def _contradicted(claims: Sequence[Claim]) -> Sequence[Claim]:
    held: dict[str, list[float]] = defaultdict(list)
    for claim in claims:
        held[claim.value].append(claim.own)
    usual = {label: fmean(own) for label, own in held.items()}
    wrong = [
        claim
        for claim in claims
        if claim.is_disputed
        and claim.confidence >= usual.get(claim.predicted, 1.0)
        and claim.own <= min(_HARDLY, _BELOW_USUAL * usual[claim.value])
    ]
    wrong.sort(key=lambda claim: claim.own / claim.confidence)
    return wrong[: max(1, round(_MOST * len(claims)))]


def _in_bulk(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Yield the disputed ones of bulk changes."""
    series: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: claim.at):
        if claim.by:
            series[claim.by, claim.value].append(claim)
    for same in series.values():
        start = 0
        for end in range(len(same)):
            while same[end].at - same[start].at > _BULK_WITHIN:
                start += 1
            together = same[start : end + 1]
            disputed = [claim for claim in together if claim.is_disputed]
            if len(together) >= _BULK and len(disputed) >= _BULK_WRONG * len(together):
                yield from disputed


def _of_odd_accounts(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Yield the disputed labels of accounts that disagree far more than the others do."""
    by_account: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_account[claim.by].append(claim)
    disputed = sum(claim.is_disputed for claim in claims)
    for account, own in by_account.items():
        others = len(claims) - len(own)
        wrong = [claim for claim in own if claim.is_disputed]
        if not account or len(own) < _ACCOUNT_LABELS or not others:
            continue
        usual = float(wilson_upper_bound(disputed - len(wrong), others))
        if wilson_lower_bound(len(wrong), len(own)) >= usual + _ACCOUNT_WRONG:
            yield from wrong
