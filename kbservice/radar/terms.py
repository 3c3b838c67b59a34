"""The words of a ticket by which reports of the same trouble find each other."""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from kbservice.text.tokens import analyze

Terms = npt.NDArray[np.uint32]

MOST: Final = 48
# The trouble is told first; what follows is forms, logs and signatures.
_READ: Final = 600


def terms_of(title: str, body: str) -> Terms:
    """Return the ticket's words as sorted numbers, at most ``MOST``, those of the title first."""
    words = analyze(f"{title}\n{body[:_READ]}").words
    telling = dict.fromkeys(word for word in words if not word.isdecimal())
    found = [crc32(word.encode()) for word in list(telling)[:MOST]]
    return np.unique(np.array(found, dtype=np.uint32))
