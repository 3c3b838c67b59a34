"""Texts of 500 characters through ``similar``, and what it costs beside its parts.

python -m tests.benchmarks.similar --documents 100000
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click import echo

from kbservice.text.tokens import analyze
from tests.benchmarks.corpus import load_or_generate, running_text
from tests.benchmarks.measure import timed_ms, timing
from tests.benchmarks.processes import in_child
from tests.benchmarks.queries import make_queries
from tests.benchmarks.recipe import CHARACTERS, build_index, cut, opened
from tests.benchmarks.recording import Recording, arguments

NAME = "similar"
_LIMIT = 10
_WARM_UP = 50


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, queries=500).parse_args(given)
    recording = Recording(NAME, options)
    in_child(build_index, options.documents, options.folder)
    measured = in_child(_measure, options.documents, options.folder, options.queries).value
    echo(f"{measured}")
    return recording.write(characters=CHARACTERS, **measured)


def _measure(documents: int, folder: Path, count: int) -> dict[str, Any]:
    corpus = load_or_generate(documents, folder)
    queries = make_queries(corpus, 2 * count + _WARM_UP + 1)["long"]
    tickets = [running_text(query.terms) for query in queries]
    texts = list(map(cut, map("".join, itertools.pairwise(tickets))))
    with opened(folder / f"recipe-{documents}") as engine:
        for text in texts[:_WARM_UP]:
            engine.similar(text, limit=_LIMIT)
        whole = [
            timed_ms(lambda asked: engine.similar(asked, limit=_LIMIT), text)
            for text in texts[_WARM_UP : _WARM_UP + count]
        ]
    # Other texts: words of the same ones would be remembered.
    analysis = [timed_ms(analyze, text) for text in texts[_WARM_UP + count :]]
    return {"similar": timing(whole), "analysis": timing(analysis)}


if __name__ == "__main__":
    main()
