"""A classifier as bytes and back: skops over plain arrays, numbers and strings only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import skops.io

from kbservice.errors import ArtifactRejected
from kbservice.triage.calibration import Calibration
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.linear_classifier import LinearClassifier, Weights
from kbservice.triage.thresholds import LabelThreshold, Promises
from kbservice.triage.vectoriser import BLOCK_WEIGHTS, Block, Vectoriser

FORMAT: Final = 3
TRUSTED_TYPES: Final[tuple[str, ...]] = ()
"""What an artefact may hold beyond numpy arrays and JSON's own types: nothing that can run."""


def pack(classifier: LinearClassifier) -> bytes:
    """Return a classifier as an artefact."""
    packed: bytes = skops.io.dumps(_parts(classifier))
    return packed


def _parts(classifier: LinearClassifier) -> dict[str, Any]:
    learned, of_text = classifier.learned, classifier.of_text
    return {
        "format": FORMAT,
        "labels": list(learned.labels),
        "weights": learned.weights.astype(np.float16),
        "intercepts": learned.intercepts,
        "scale": learned.calibration.scale,
        "bias": learned.calibration.bias,
        "curve": np.array(learned.calibration.curve),
        "thresholds": [asdict(item) for item in learned.thresholds],
        "promises": asdict(learned.promises),
        "fields": sorted(learned.fields),
        "least_known": learned.least_known,
        "blocks": [
            {"name": block.name, "terms": _joined(block.terms), "idf": block.idf}
            for block in classifier.vectoriser.blocks
        ],
        "of_text": _parts(of_text) if of_text else None,
    }


def unpack(data: bytes, info: ReleaseInfo) -> LinearClassifier:
    """Return the classifier in an artefact.

    Raises:
        ArtifactRejected: The bytes are no artefact of this format, or its numbers make no sense.
    """
    try:
        parts = skops.io.loads(data, trusted=list(TRUSTED_TYPES))
        return _classifier(parts, info)
    except Exception as error:
        # skops reports damage in as many ways as zip, JSON and numpy know.
        raise _rejected(f"{type(error).__name__}: {error}") from error


def _classifier(parts: dict[str, Any], info: ReleaseInfo) -> LinearClassifier:
    of_text = _classifier(parts["of_text"], info) if parts["of_text"] else None
    found = LinearClassifier(_vectoriser(parts), _weights(parts), info, of_text)
    if of_text and of_text.labels != found.labels:
        raise _rejected("its readings have different labels")
    return found


def _weights(parts: dict[str, Any]) -> Weights:
    if parts["format"] != FORMAT:
        raise _rejected(f"format {parts['format']}")
    labels = tuple(str(label) for label in parts["labels"])
    features = sum(len(block["idf"]) for block in parts["blocks"])
    weights = _array(parts["weights"], np.float32, (features, len(labels)))
    return Weights(
        labels=labels,
        weights=weights,
        intercepts=_array(parts["intercepts"], np.float64, (len(labels),)),
        calibration=_calibration(parts, len(labels)),
        thresholds=_thresholds(parts["thresholds"], len(labels)),
        promises=Promises(**parts["promises"]),
        fields=frozenset(map(str, parts["fields"])),
        least_known=float(parts["least_known"]),
    )


def _calibration(parts: dict[str, Any], n_labels: int) -> Calibration:
    first, second, offset = _array(parts["curve"], np.float64, (3,)).tolist()
    return Calibration(
        float(parts["scale"]),
        _array(parts["bias"], np.float64, (n_labels,)),
        (first, second, offset),
    )


def _thresholds(rows: list[dict[str, Any]], n_labels: int) -> tuple[LabelThreshold, ...]:
    if len(rows) != n_labels:
        raise _rejected(f"thresholds of {len(rows)} labels in place of {n_labels}")
    return tuple(LabelThreshold(**row) for row in rows)


def _vectoriser(parts: dict[str, Any]) -> Vectoriser:
    blocks = []
    for block in parts["blocks"]:
        terms = _split(block["terms"])
        if block["name"] not in BLOCK_WEIGHTS:
            raise _rejected(f"block {block['name']}")
        blocks.append(
            Block(str(block["name"]), terms, _array(block["idf"], np.float32, (len(terms),)))
        )
    return Vectoriser(blocks)


def _array(value: Any, kind: type[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    found = np.asarray(value, dtype=kind)
    if found.shape != shape:
        raise _rejected(f"shape {found.shape} in place of {shape}")
    if not np.isfinite(found).all():
        raise _rejected("a weight is not a number")
    return found


def _joined(terms: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    # One array in place of a JSON node a term; no term holds a line break.
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def _split(data: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(data.tobytes().decode().split("\n"))


def _rejected(reason: str) -> ArtifactRejected:
    return ArtifactRejected("A classifier artefact was refused: {reason}", reason=reason)
