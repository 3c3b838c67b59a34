"""The latest searches of this process, for administrators who judge a change of the rules.

They are held in memory only, and shown without personal data.
"""

from __future__ import annotations

from collections import deque

from kbservice.text.redaction import redact

_KEPT = 500


class RecentQueries:
    """A bounded memory of what was searched; safe to share between threads."""

    def __init__(self) -> None:
        self._texts: deque[str] = deque(maxlen=_KEPT)

    def note(self, text: str) -> None:
        """Remember a search."""
        if text:
            self._texts.append(text)

    def latest(self) -> list[str]:
        """Return each text once, the latest first."""
        return [redact(text).text for text in dict.fromkeys(reversed(list(self._texts)))]
