"""Labels in quarantine: what looks wrong, and what a lead says of it."""

from __future__ import annotations

from kbservice.domain.account import Role
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import PageOut
from kbservice.web.api.schemas.label_review import LabelReviewOut, LabelVerdictIn
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.get("/admin/label-reviews")
@requires(Role.LEAD)
@contract(tag="admin", answers=PageOut[LabelReviewOut])
def label_review_list() -> PageOut[LabelReviewOut]:
    """List the categories that wait for a verdict, oldest first, 200 at most."""
    waiting = application().quarantine.waiting(principal())
    return PageOut[LabelReviewOut](items=[LabelReviewOut.of(review) for review in waiting])


@api.post("/admin/label-reviews/<int:review_id>")
@requires(Role.LEAD)
@contract(tag="admin", answers=LabelReviewOut)
def label_review_settle(review_id: int, json: LabelVerdictIn) -> LabelReviewOut:
    """Confirm or correct a category; it is learned from again."""
    review = application().quarantine.settle(review_id, json.category, principal())
    return LabelReviewOut.of(review)
