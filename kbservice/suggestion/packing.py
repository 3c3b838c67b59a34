"""A ranker as bytes and back: skops over plain arrays, numbers and strings only."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sklearn
import skops
import skops.io

from kbservice.errors import ArtifactRejected
from kbservice.suggestion.features import NAMES
from kbservice.suggestion.ranker import Certainty, Learned, Ranker
from kbservice.suggestion.trees import DEPTH, Trees
from kbservice.text.tokens import FINGERPRINT

FILE: Final = "ranker.skops"
FORMAT: Final = 1
_INNER: Final = 2**DEPTH - 1
_MOST_BYTES: Final = 20 * 1024 * 1024


def pack(ranker: Ranker) -> bytes:
    """Return a ranker as an artefact; nothing that can run is in it."""
    parts: dict[str, Any] = {
        "format": FORMAT,
        "features": list(NAMES),
        "shift": ranker.certainty.shift,
        "scale": ranker.certainty.scale,
        "identities": ranker.identities,
        "blend": 0.0,
    }
    if ranker.learned is not None:
        parts |= {
            "blend": ranker.learned.blend,
            "linear": ranker.learned.linear,
            "columns": ranker.learned.trees.columns,
            "borders": ranker.learned.trees.borders,
            "leaves": ranker.learned.trees.leaves,
        }
    packed: bytes = skops.io.dumps(parts)
    return packed


def unpack(data: bytes, release: str) -> Ranker:
    """Return the ranker in an artefact.

    Raises:
        ArtifactRejected: The bytes are no artefact of this format, or its numbers make no sense.
    """
    if len(data) > _MOST_BYTES:
        raise _rejected(f"{len(data)} bytes")
    try:
        return _ranker(skops.io.loads(data, trusted=[]), release)
    except ArtifactRejected:
        raise
    except Exception as error:
        # skops reports damage in as many ways as zip, JSON and numpy know.
        raise _rejected(f"{type(error).__name__}: {error}") from error


def versions() -> dict[str, str]:
    """Return what an artefact depends on."""
    return {
        "python": platform.python_version(),
        "scikit-learn": str(sklearn.__version__),
        "skops": str(skops.__version__),
        "numpy": np.__version__,
        "analyzer": FINGERPRINT,
    }


def check_versions(manifest: Mapping[str, Any]) -> None:
    """Raise ArtifactRejected unless a manifest's ranker was made for these libraries."""
    made, here = manifest["versions"], versions()
    for name in ("scikit-learn", "analyzer"):
        if made[name].split(".")[:2] != here[name].split(".")[:2]:
            raise _rejected(f"it was made with {name} {made[name]}, this is {here[name]}")


def _ranker(parts: dict[str, Any], release: str) -> Ranker:
    if parts["format"] != FORMAT or list(parts["features"]) != list(NAMES):
        raise _rejected("it was made for other features; train again")
    blend = float(parts["blend"])
    if not 0.0 <= blend <= 1.0:
        raise _rejected(f"blend {blend}")
    certainty = Certainty(shift=float(parts["shift"]), scale=float(parts["scale"]))
    if not np.isfinite((certainty.shift, certainty.scale)).all() or certainty.scale <= 0:
        raise _rejected(f"certainty {certainty}")
    return Ranker(
        release=release,
        learned=_learned(parts, blend) if blend else None,
        certainty=certainty,
        identities=int(parts["identities"]),
    )


def _learned(parts: dict[str, Any], blend: float) -> Learned:
    columns = np.asarray(parts["columns"], dtype=np.intp)
    if columns.ndim != 2 or columns.min() < 0 or columns.max() >= 2 * len(NAMES):  # noqa: PLR2004  # trees, nodes
        raise _rejected("a tree asks for an unknown feature")
    borders = np.asarray(parts["borders"], dtype=np.float64)
    if borders.shape != columns.shape or np.isnan(borders).any():
        raise _rejected("a tree has no border")
    trees = len(columns)
    return Learned(
        linear=_finite(parts["linear"], (len(NAMES) + 1,)),
        trees=Trees(columns, borders, _finite(parts["leaves"], (trees, _INNER + 1))),
        blend=blend,
    )


def _finite(value: Any, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    found = np.asarray(value, dtype=np.float64)
    if found.shape != shape:
        raise _rejected(f"shape {found.shape} in place of {shape}")
    if not np.isfinite(found).all():
        raise _rejected("a weight is not a number")
    return found


def _rejected(reason: str) -> ArtifactRejected:
    return ArtifactRejected("A ranker artefact was refused: {reason}", reason=reason)
