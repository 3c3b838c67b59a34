"""Near ties are shown in either order by a fair lot; clear winners stay."""

from __future__ import annotations

from random import Random

from kbservice.suggestion.evidence import Evidence
from kbservice.suggestion.fixes import Fix, Ranked, band
from kbservice.suggestion.near_ties import Shown, drawn

NOTHING_YET = Evidence(solved=0, failed=0, lower_bound=0.0, last_success_at=None)


def shown(*confidences: float) -> Shown:
    fixes = tuple(
        Fix(
            article_id=f"a{place}",
            title="",
            snippet_html="",
            score=1.0,
            confidence=confidence,
            band=band(confidence),
            why=(),
            evidence=NOTHING_YET,
            steps_preview=(),
        )
        for place, confidence in enumerate(confidences)
    )
    return Shown(Ranked(fixes=fixes, considered=(), release="fixed"))


def test_a_clear_order_is_left_alone() -> None:
    clear = shown(0.9, 0.6, 0.3)
    assert clear == drawn(clear, Random(1))
    assert shown() == drawn(shown(), Random(1))


def test_the_first_near_tie_is_swapped_about_half_the_time() -> None:
    outcomes = [drawn(shown(0.9, 0.705, 0.695, 0.69), Random(seed)) for seed in range(400)]
    orders = [tuple(fix.article_id for fix in one.ranked.fixes) for one in outcomes]

    assert {("a0", "a1", "a2", "a3"), ("a0", "a2", "a1", "a3")} == set(orders)
    assert 150 < orders.count(("a0", "a2", "a1", "a3")) < 250
    for order, one in zip(orders, outcomes, strict=True):
        lot = "kept" if order[1] == "a1" else "swapped"
        assert {"a1": lot, "a2": lot} == one.lots


def test_nothing_looks_surer_than_what_stands_above_it() -> None:
    for seed in range(20):
        fixes = drawn(shown(0.705, 0.695), Random(seed)).ranked.fixes

        assert fixes[0].confidence >= fixes[1].confidence
        assert all(fix.band == band(fix.confidence) for fix in fixes)
