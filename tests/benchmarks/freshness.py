"""From a change in the store to a search in another process that finds it.

    python -m tests.benchmarks.freshness --documents 100000

One process publishes articles at a steady rate through the service, the worker indexes them,
and a third process searches for each until it is found. The clock starts when the change is
handed to the service, and stops at the answer that has it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, Final

from click import echo

from kbservice.bootstrap import Application, build
from kbservice.domain.account import SYSTEM
from kbservice.search.documents import SearchDocument
from kbservice.search.syntax import parse
from kbservice.services.knowledge import NewArticle
from kbservice.settings import Settings
from tests.benchmarks.corpus import load_or_generate
from tests.benchmarks.instances import copy, instance, process
from tests.benchmarks.measure import percentile, timing
from tests.benchmarks.processes import memory
from tests.benchmarks.recording import Recording, arguments

NAME = "freshness"
_LOOK_S: Final = 0.02
_GIVE_UP_S: Final = 60.0
_BATCHES: Final = (1, 10, 100)
_COMMITS: Final = 10

Change = tuple[str, float]
"""A word that only one article has, and when that was handed in."""


def main(given: Sequence[str] | None = None) -> Path:
    """Run the benchmark; return the path of the JSON file."""
    options = arguments(NAME, per_second=20.0, seconds=60.0).parse_args(given)
    recording = Recording(NAME, options)
    original = instance(load_or_generate(options.documents, options.folder), options.folder)
    settings = copy(original, options.folder / "instance-changed")
    commits = _commits(settings)
    log = options.folder / "worker.log"
    with process("kbservice", "worker", log=log, home=settings.home) as worker:
        found = _changes(settings, options.per_second, options.seconds)
        held = memory(worker.pid)
    for row in (*commits, found):
        echo(f"{row}")
    return recording.write(visibility=found, commits=commits, worker_memory=held)


def _changes(settings: Settings, per_second: float, seconds: float) -> dict[str, Any]:
    """Publish at the given rate; return how long changes took to be found."""
    context = multiprocessing.get_context("spawn")
    made: Queue[Change | None] = context.Queue()
    seen: Queue[dict[str, Any]] = context.Queue()
    reader = context.Process(target=_search, args=(settings, made, seen))
    reader.start()
    application = build(settings)
    # A first change, not counted: once it is found, the worker and the reader are at work.
    _publish(application, "warm")
    seen.get(timeout=_GIVE_UP_S)
    started = time.monotonic()
    behind = []
    for number in range(int(per_second * seconds)):
        due = started + number / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        behind.append(time.monotonic() - due)
        word = f"fresh{time.time_ns():x}"
        at = time.monotonic()
        _publish(application, word)
        made.put((word, at))
    took_s = time.monotonic() - started
    made.put(None)
    result = seen.get(timeout=_GIVE_UP_S + seconds)
    reader.join()
    application.close()
    return result | {
        "changes": len(behind),
        "per_second": round(len(behind) / took_s, 1),
        "writer_behind_p95_s": percentile(behind, 95),
    }


def _publish(application: Application, word: str) -> None:
    new = NewArticle(
        title=f"新文章 {word}", sections={"problem": "刚写好的一篇", "solution": f"搜索 {word}"}
    )
    article = application.knowledge.create(new, SYSTEM)
    application.knowledge.publish(article.id, SYSTEM)


def _search(settings: Settings, made: Queue[Change | None], seen: Queue[dict[str, Any]]) -> None:
    """Search for each change until it is found; they become visible in order."""
    application = build(settings)
    errors: list[str] = []
    _wait(application, "warm", errors)
    seen.put({"ready": True})
    waits: list[float] = []
    missing = 0
    while (change := made.get()) is not None:
        word, at = change
        if _wait(application, word, errors):
            waits.append(time.monotonic() - at)
        else:
            missing += 1
    seen.put(
        {
            "p50_s": percentile(waits, 50),
            "p95_s": percentile(waits, 95),
            "slowest_s": percentile(waits, 100),
            "missing": missing,
            "errors": len(errors),
            "first_error": errors[0] if errors else "",
        }
    )
    application.close()


def _wait(application: Application, word: str, errors: list[str]) -> bool:
    """Search for a word until something is found; tell whether it was in time."""
    query = parse(word)
    deadline = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < deadline:
        try:
            if application.engine.search(query).total:
                return True
        except Exception as error:  # noqa: BLE001  # whatever it is, a reader saw it
            errors.append(repr(error))
        time.sleep(_LOOK_S)
    return False


def _document(document_id: str) -> SearchDocument:
    return SearchDocument(
        id=document_id,
        kind="article",
        title=f"批量写入 {document_id}",
        sections=(("solution", "这一篇只为测量提交而写，随后删除。" * 10),),
    )


def _commits(settings: Settings) -> list[dict[str, Any]]:
    """Return how long a batch of each size takes from the first put to the end of the commit."""
    application = build(settings)
    rows = []
    for size in _BATCHES:
        samples = []
        for turn in range(_COMMITS):
            documents = [_document(f"batch{size}-{turn}-{place}") for place in range(size)]
            started = time.perf_counter()
            with application.engine.writer() as writer:
                for document in documents:
                    writer.put(document)
            samples.append((time.perf_counter() - started) * 1000)
        rows.append({"batch": size, "timing": timing(samples)})
    with application.engine.writer() as writer:
        for document_id in application.engine.ids():
            if document_id.startswith("batch"):
                writer.remove(document_id)
    application.close()
    return rows


if __name__ == "__main__":
    main()
