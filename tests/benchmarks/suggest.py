"""A whole suggestion for a ticket of 500 characters, and what its parts cost.

    python -m tests.benchmarks.suggest --documents 100000

In process: triage by a learned release of category and priority, candidates from the index,
ranking, and the radar beside 100,000 open tickets. Tickets are of the
corpus' own make, Chinese and English mixed, and none is asked about twice.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from click import echo

from kbservice.bootstrap import Application, build
from kbservice.domain.account import Principal, Role
from kbservice.profiles.schema import Profile
from kbservice.services.question import Question
from kbservice.triage.classifier import ReleaseInfo
from kbservice.triage.dataset import TrainingTicket
from kbservice.triage.goals import Goals
from kbservice.triage.training import train
from tests.benchmarks.corpus import Corpus, category_name, generate, load_or_generate, running_text
from tests.benchmarks.instances import copy, instance
from tests.benchmarks.measure import percentile, timed_ms, timing
from tests.benchmarks.processes import in_child, memory
from tests.benchmarks.queries import make_queries
from tests.benchmarks.radar import Text, fill
from tests.benchmarks.recipe import CHARACTERS, cut
from tests.benchmarks.recording import Recording, arguments

NAME = "suggest"
_TITLE: Final = 30
_WARM_UP: Final = 50
_LEARNED: Final = 2_000
_MADE_UP: Final = 3_000
_CANDIDATES: Final = 30
_SEED: Final = 7
_STAFF: Final = Principal(name="li", role=Role.AGENT)


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, queries=300, tickets=100_000).parse_args(given)
    recording = Recording(NAME, options)
    measured = in_child(
        _measure, options.documents, options.folder, options.queries, options.tickets
    ).value
    for row in measured["latency"]:
        echo(f"{row}")
    return recording.write(characters=CHARACTERS, **measured)


def _measure(documents: int, folder: Path, count: int, tickets: int) -> dict[str, Any]:
    corpus = load_or_generate(documents, folder)
    settings = copy(instance(corpus, folder), folder / f"instance-{NAME}")
    application = build(settings)
    profile = application.profiles.get("")
    fill(application, _texts(corpus, _MADE_UP), tickets)
    _learn(application, profile, corpus)
    questions = iter(_questions(corpus, 5 * (count + _WARM_UP)))
    triage = application.releases.triage(profile)
    parts: dict[str, Callable[[Question], object]] = {
        "answer": lambda asked: application.suggesting.answer(asked, _STAFF),
        "answer, stored": lambda asked: application.suggesting.suggest(asked, _STAFF),
        "of it, triage": lambda asked: triage.assess(asked.words),
        "of it, candidates": lambda asked: application.engine.similar(
            asked.body, title=asked.title, limit=_CANDIDATES
        ),
        "of it, the radar": lambda asked: application.radar.look(asked, profile, _STAFF),
    }
    rows = []
    for what, work in parts.items():
        taken = [_taken(work, question) for question in itertools.islice(questions, count)]
        took, of_cpu = zip(*taken[min(_WARM_UP, count // 5) :], strict=True)
        rows.append({"what": what, "timing": timing(took), "cpu_p50_ms": percentile(of_cpu, 50)})
    held = memory()
    application.close()
    return {"latency": rows, "memory": held, "learned": _LEARNED}


def _taken(work: Callable[[Question], object], question: Question) -> tuple[float, float]:
    """Return how long it took, and how long the processor was at it: others use it too."""
    started = time.process_time()
    took = timed_ms(work, question)
    return took, (time.process_time() - started) * 1000


def _learn(application: Application, profile: Profile, corpus: Corpus) -> None:
    """Release a classifier of tickets of the corpus' categories, with priorities at random."""
    made = generate(_LEARNED, corpus.lexicon, seed=_SEED)
    dice = random.Random(_SEED)
    levels = [priority.value for priority in profile.priorities_by_rank]
    tickets = [
        TrainingTicket(
            number=f"L{number}",
            title=running_text(terms[:8]),
            body=running_text(terms[8:]),
            category=category_name(int(made.categories[number])),
            priority=dice.choice(levels),
        )
        for number, terms in ((at, made.terms(at)[:100]) for at in range(len(made)))
    ]
    now = application.clock.now()
    shelves = application.releases.shelves
    release = shelves.next_id()
    trained = train(tickets, ReleaseInfo(release=release, trained_at=now), goals=Goals.of(profile))
    shelves.save(release, trained, profile=profile.key, now=now)
    shelves.promote(release)


def _texts(corpus: Corpus, count: int) -> list[Text]:
    made = generate(count, corpus.lexicon, seed=_SEED + 1)
    found = ((at, made.terms(at)[:100]) for at in range(count))
    return [Text(str(at), running_text(terms[:8]), running_text(terms[8:])) for at, terms in found]


def _questions(corpus: Corpus, count: int) -> list[Question]:
    tickets = [running_text(query.terms) for query in make_queries(corpus, 2 * count)["long"]]
    texts = [cut(one + other) for one, other in zip(tickets[::2], tickets[1::2], strict=True)]
    return [Question(title=text[:_TITLE], body=text[_TITLE:]) for text in texts]


if __name__ == "__main__":
    main()
