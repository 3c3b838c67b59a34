"""What a ticket says before it is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kbservice.errors import InvalidInput
from kbservice.profiles.schema import Profile
from kbservice.triage.classifier import TicketText

MAX_TITLE: Final = 500
MAX_BODY: Final = 50_000
MAX_FIXES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a ticket says before it is one; empty fields are unknown.

    Attributes:
        skipped: Details that the requester would not give.
        requester: Who asks, to tell people apart; never stored as it is.
    """

    title: str
    body: str = ""
    product: str = ""
    version: str = ""
    environment: str = ""
    profile: str = ""
    channel: str = ""
    kind: str = ""
    skipped: tuple[str, ...] = ()
    requester: str = ""
    limit: int = 5

    def check(self) -> None:
        """Raise InvalidInput unless the texts are within their limits."""
        if not (self.title.strip() or self.body.strip()):
            raise InvalidInput.of("title", "a title or a body", "nothing")
        for field, text, limit in (
            ("title", self.title, MAX_TITLE),
            ("body", self.body, MAX_BODY),
        ):
            if len(text) > limit:
                raise InvalidInput.of(field, f"at most {limit} characters", f"{len(text)}")
        if not 1 <= self.limit <= MAX_FIXES:
            raise InvalidInput.of("limit", f"1 to {MAX_FIXES}", str(self.limit))

    def check_kind(self, profile: Profile) -> None:
        """Raise InvalidInput unless the profile has the kind, or none is given."""
        known = [item.value for item in profile.kinds]
        if self.kind and self.kind not in known:
            raise InvalidInput.of("kind", " | ".join(known), self.kind)

    @property
    def text(self) -> str:
        """Title and body as one text."""
        return f"{self.title}\n{self.body}"

    @property
    def words(self) -> TicketText:
        """The part that triage reads."""
        return TicketText(
            title=self.title,
            body=self.body,
            product=self.product,
            version=self.version,
            environment=self.environment,
            channel=self.channel,
        )

    @property
    def given(self) -> dict[str, str]:
        """What stands in fields of its own."""
        return {
            "product": self.product,
            "version": self.version,
            "environment": self.environment,
        }
