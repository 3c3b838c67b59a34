"""Which segments should become one: few large ones and few small ones, at little cost.

Segments of about the same size are merged when there are eight of them (a document is thus
copied once per power of eight), and a segment that is a third deleted is copied alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

_FAN: Final = 8
_SMALLEST: Final = 64
_MOSTLY_DELETED: Final = 1 / 3
_WORTHWHILE: Final = 1000


def due(sizes: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the names of the segments to merge next, none if all is well.

    Args:
        sizes: Number of documents and of deleted ones by segment name.
    """
    tiers: dict[int, list[str]] = defaultdict(list)
    for name, (count, deleted) in sizes.items():
        tiers[int(math.log(max(_SMALLEST, count - deleted), _FAN))].append(name)
    for _, names in sorted(tiers.items()):
        if len(names) >= _FAN:
            return names
    for name, (count, deleted) in sizes.items():
        if deleted > _MOSTLY_DELETED * count and deleted > _WORTHWHILE:
            return [name]
    return []
