"""How well repeats are recognised, how often incidents are false, and what both cost.

``python -m tests.benchmarks.radar repeats|incidents|outbreaks|cost DATA``: DATA holds the evaluation sets of
docs/data-sources.md. Figures are in docs/radar.md.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from click import echo
from sqlalchemy import insert

from kbservice.bootstrap import Application, build, init_instance
from kbservice.domain.account import Principal, Role
from kbservice.domain.radar import Sighting, SightingBand
from kbservice.domain.ticket import Ticket
from kbservice.profiles.radar import RadarRules
from kbservice.radar.bursts import BurstRule, burst
from kbservice.radar.shingles import Shingles, repeated
from kbservice.radar.stream import ALIKE, RELATED, Report, Stream
from kbservice.radar.terms import terms_of
from kbservice.services.question import Question
from kbservice.settings import Settings

TICKETS = (
    "zh_gov_hotline_tickets",
    "zh_ict_fault_tickets",
    "zh_aliyun_faq_routing",
    "zh_vscode_reports_unlabelled",
    "en_it_tickets_endava",
    "en_it_tickets_groups",
    "en_netbeans_bugs",
    "en_openoffice_bugs",
    "en_hadoop_priority",
    "en_banking77",
)
# Ordered by subject, not by time.
BY_SUBJECT = {"zh_aliyun_faq_routing", "en_banking77"}
PAIRS = ("zh_lcqmc_questions", "zh_afqmc_questions")
SAMPLE = 300
NOTED = 100_000
STAFF = Principal(name="li", role=Role.AGENT)
LEAST_REPORTS = 5
MOST_REPORTS = 10
MOST = 3_000
CANDIDATES = 6
LEAST_BANDS = 2
GREETINGS = {
    "zh": ("您好,", "你好,麻烦看一下:", "各位老师好!"),
    "en": ("Hello team, ", "Hi, please help: ", "Good morning, "),
}
CLOSINGS = {"zh": ("请尽快处理,谢谢!", "急,谢谢。"), "en": (" Thanks a lot.", " Kind regards")}
SENTENCE = re.compile(r"(?<=[。!?!?\n])|(?<=\. )")
FIGURE = re.compile(r"(?<![\w.-])\d+(?![\w-])")
PER_HOUR = (1, 1, 1, 1, 1, 2, 4, 8, 16, 24, 24, 20, 14, 18, 22, 20, 18, 12, 6, 4, 3, 2, 1, 1)


@dataclass(frozen=True)
class Text:
    """A ticket's words."""

    id: str
    title: str
    body: str

    @property
    def shingles(self) -> Shingles:
        return Shingles.of(self.title, self.body)


class Pool:
    """Open tickets as the store finds them: by shared bands."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self.texts = list(texts)
        self.shingles = [text.shingles for text in texts]
        self.holders: defaultdict[int, list[int]] = defaultdict(list)
        for place, shingles in enumerate(self.shingles):
            for band in set(shingles.bands):
                self.holders[band].append(place)

    def repeat_of(self, text: Text) -> Text | None:
        wanted = text.shingles
        shared: Counter[int] = Counter()
        for band in set(wanted.bands):
            shared.update(self.holders.get(band, ()))
        places = sorted(
            (place for place, bands in shared.items() if bands >= LEAST_BANDS),
            key=lambda place: (-shared[place], place),
        )[:CANDIDATES]
        places.sort()
        found = repeated(wanted, [self.shingles[place] for place in places])
        return self.texts[places[found[0]]] if found else None


def tickets(folder: Path) -> list[Text]:
    rows = [json.loads(line) for line in (folder / "tickets.jsonl").open(encoding="utf-8")]
    return [Text(row["id"], row.get("title") or "", row.get("body") or "") for row in rows]


def handed_in_again(text: Text, how: str, language: str, rng: random.Random) -> Text | None:
    """Return the ticket as somebody hands it in once more; None where that changes nothing."""
    title, body = text.title, text.body
    if how in {"greeting", "all"}:
        greeting, closing = rng.choice(GREETINGS[language]), rng.choice(CLOSINGS[language])
        title, body = (
            (greeting + title, body + closing) if title else ("", greeting + body + closing)
        )
    if how in {"number", "all"}:
        changed = [
            FIGURE.sub(lambda _: str(rng.randrange(1, 9999)), part) for part in (title, body)
        ]
        if how == "number" and changed == [title, body]:
            return None
        title, body = changed
    if how in {"dropped", "all"}:
        sentences = [part for part in SENTENCE.split(body) if part.strip()]
        if len(sentences) >= 3:
            sentences.pop(rng.randrange(len(sentences)))
            body = "".join(sentences)
        elif how == "dropped":
            return None
    return Text(text.id, title, body)


def plain(text: Text) -> str:
    return re.sub(r"[\W\d_]+", "", (text.title + text.body).lower())


def repeats(data: Path) -> None:
    echo("set | how | handed in again | recognised | as the right one")
    for name in TICKETS:
        rng = random.Random(5)
        language = name[:2]
        texts = [text for text in tickets(data / name) if len(text.shingles.hashes) >= 6]
        rng.shuffle(texts)
        known, strange = (
            texts[: min(MOST, len(texts) * 2 // 3)],
            texts[min(MOST, len(texts) * 2 // 3) :],
        )
        pool = Pool(known)
        for how in ("greeting", "number", "dropped", "all"):
            asked = [
                (text, again)
                for text in known[:SAMPLE]
                if (again := handed_in_again(text, how, language, rng))
            ]
            found = [(text, pool.repeat_of(again)) for text, again in asked]
            hits = sum(other is not None for _, other in found)
            right = sum(
                other is not None and (other.id == text.id or plain(other) == plain(text))
                for text, other in found
            )
            echo(
                f"{name} | {how} | {len(asked)} | {hits / max(1, len(asked)):.3f} | {right / max(1, hits):.3f}"
            )
        strange = strange[:1000]
        seen = {plain(text) for text in known}
        alarms = [(text, other) for text in strange if (other := pool.repeat_of(text))]
        real = sum(plain(text) in seen for text, _ in alarms)
        echo(
            f"{name} | not handed in before | {len(strange)} | {len(alarms)} proposed | {real} of them the same text"
        )
    for name in PAIRS:
        pairs(data / name)


def pairs(folder: Path) -> None:
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    relevant = defaultdict(set)
    for line in (folder / "qrels.tsv").open(encoding="utf-8"):
        parts = line.split("\t")
        if parts[0].strip() in {"query-id", "query_id"}:
            continue
        relevant[parts[0]].add(parts[1 if len(parts) == 3 else 2].strip())
    pool = Pool(
        [
            Text(row["id"], row.get("title") or row.get("text", ""), row.get("body") or "")
            for row in corpus[: MOST * 5]
        ]
    )
    found = [
        (row["id"], pool.repeat_of(Text(row["id"], row["text"], ""))) for row in queries[:2000]
    ]
    told = [(query, other.id) for query, other in found if other]
    right = sum(other in relevant[query] for query, other in told)
    echo(f"{folder.name} | questions {len(found)} | proposed {len(told)} | same meaning {right}")


def arrivals(count: int, rng: random.Random) -> Iterator[float]:
    """Yield moments in seconds: a working day's rhythm, nights quiet."""
    at_s = 0.0
    for _ in range(count):
        at_s += rng.expovariate(PER_HOUR[int(at_s // 3600) % 24] / 3600)
        yield at_s


@dataclass(frozen=True)
class Watched:
    """What became of a stream of tickets: the incidents' places, and how long each took."""

    opened: list[tuple[int, list[int]]]
    took_ms: list[float]


def watched(texts: Sequence[Text], moments: Sequence[float]) -> Watched:
    """Let tickets come in, each of another person, and gather incidents as the service does."""
    rules = RadarRules()
    quiet_s = rules.quiet_minutes * 60
    rule = BurstRule(
        window_s=rules.window_minutes * 60, requesters=rules.requesters, chance=rules.chance
    )
    stream = Stream()
    last_of: dict[int, float] = {}
    seen = Watched([], [])
    for place, (text, at_s) in enumerate(zip(texts, moments, strict=True)):
        terms = terms_of(text.title, text.body)
        started = time.perf_counter()
        related = stream.alike(terms, RELATED)
        is_known = any(
            last_of.get(item.report.ticket_id, -quiet_s) >= at_s - quiet_s
            for item in related
            if item.likeness >= ALIKE
        )
        found = (
            None if is_known else burst(stream, related, at_s=at_s, requester=str(place), rule=rule)
        )
        seen.took_ms.append((time.perf_counter() - started) * 1000)
        members = [item.report.ticket_id for item in found.members] if found else []
        if is_known:
            last_of[place] = at_s
        elif any(last_of.get(member, -quiet_s) >= at_s - quiet_s for member in members):
            last_of |= dict.fromkeys([*members, place], at_s)
        elif members:
            seen.opened.append((place, members))
            last_of |= dict.fromkeys([*members, place], at_s)
        stream.add(Report(ticket_id=place, at_s=at_s, requester=str(place), terms=terms))
    return seen


def incidents(data: Path) -> None:
    """Print how many incidents a stream without any brings, and a stream as it was recorded."""
    echo("set | order | tickets | incidents | per 1,000 | ms a ticket: median, p99")
    for name in TICKETS:
        for order in ("shuffled", "as they came"):
            if order != "shuffled" and name in BY_SUBJECT:
                continue
            rng = random.Random(7)
            texts = tickets(data / name)
            if order == "shuffled":
                rng.shuffle(texts)
            texts = texts[:MOST]
            seen = watched(texts, list(arrivals(len(texts), rng)))
            took = sorted(seen.took_ms)
            echo(
                f"{name} | {order} | {len(texts)} | {len(seen.opened)} | "
                f"{len(seen.opened) / len(texts) * 1000:.1f} | "
                f"{took[len(took) // 2]:.2f}, {took[len(took) * 99 // 100]:.2f}"
            )


def outbreaks(data: Path) -> None:
    """Print after how many reports in half an hour an outbreak is seen."""
    echo("set | outbreaks | seen | at which report (median)")
    for name, groups, usual in (
        ("en_banking77", *_by_category(data / "en_banking77")),
        ("en_stackfaq", *_by_question(data / "en_stackfaq")),
    ):
        rng = random.Random(9)
        seen_at = []
        for group in groups:
            rng.shuffle(usual)
            before = [text for text in usual if text not in group][:600]
            reports = rng.sample(group, min(len(group), MOST_REPORTS))
            start_s = 10 * 86400 + 10 * 3600.0
            quiet = list(arrivals(len(before), rng))
            shift = start_s - quiet[-1]
            moments = [moment + shift for moment in quiet]
            moments += [start_s + 180.0 * place for place in range(1, len(reports) + 1)]
            found = watched([*before, *reports], moments)
            hits = [place - len(before) + 1 for place, _ in found.opened if place >= len(before)]
            seen_at.append(hits[0] if hits else 0)
        told = sorted(place for place in seen_at if place)
        echo(
            f"{name} | {len(seen_at)} | {len(told) / len(seen_at):.2f} | "
            f"{told[len(told) // 2] if told else '-'}"
        )


def _by_category(folder: Path) -> tuple[list[list[Text]], list[Text]]:
    groups: defaultdict[str, list[Text]] = defaultdict(list)
    for line in (folder / "tickets.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        groups[row["category"]].append(Text(row["id"], row["title"], row["body"]))
    return list(groups.values()), [text for group in groups.values() for text in group]


def _by_question(folder: Path) -> tuple[list[list[Text]], list[Text]]:
    texts = {
        row["id"]: Text(row["id"], row["text"], "")
        for row in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))
    }
    groups: defaultdict[str, list[Text]] = defaultdict(list)
    for line in list((folder / "qrels.tsv").open(encoding="utf-8"))[1:]:
        query, document, *_ = line.split("\t")
        if query in texts:
            groups[document].append(texts[query])
    large = [group for group in groups.values() if len(group) >= LEAST_REPORTS]
    return large[:60], list(texts.values())


def cost(data: Path) -> None:
    """Print how long the radar takes for one ticket beside 100,000 noted ones."""
    texts = [text for name in TICKETS for text in tickets(data / name)]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(home=Path(folder) / "home", refresh_interval_s=0.0)
        init_instance(settings)
        application = build(settings)
        fill(application, texts, NOTED)
        profile = application.profiles.get("")
        rng = random.Random(3)
        looked = []
        for _ in range(300):
            text = _varied(rng.choice(texts), rng)
            question = Question(title=text.title[:400], body=text.body)
            started = time.perf_counter()
            application.radar.look(question, profile, STAFF)
            looked.append((time.perf_counter() - started) * 1000)
        looked = sorted(looked[1:])
        echo(f"look | median {looked[150]:.2f} ms | p95 {looked[285]:.2f} ms")
        started = time.perf_counter()
        application.radar.tick()
        echo(f"tick | {(time.perf_counter() - started) * 1000:.0f} ms")
        started = time.perf_counter()
        application.radar.end_quiet()
        application.radar.catch_up()
        echo(f"tick with nothing to do | {(time.perf_counter() - started) * 1000:.0f} ms")
        for what in ("first", "second"):
            started = time.perf_counter()
            found = application.gap_watch.look()
            echo(f"gaps, {what} look | {time.perf_counter() - started:.2f} s | {found} gaps")
        application.close()


def fill(application: Application, texts: Sequence[Text], count: int) -> None:
    """Store open tickets of the last 13 days, each noted: the texts in other words' order."""
    rng = random.Random(4)
    now = application.clock.now()
    profile = application.profiles.get("")
    for start in range(0, count, 1_000):
        rows, notes, bands = [], [], []
        for place in range(start + 1, min(start + 1_000, count) + 1):
            text = _varied(rng.choice(texts), rng)
            opened_at = now - timedelta(days=13) * (1 - place / count)
            due_at = opened_at + timedelta(days=1)
            rows.append(
                {
                    "id": place,
                    "number": f"T{place}",
                    "profile_key": profile.key,
                    "profile_version": profile.version,
                    "title": text.title[:400],
                    "body": text.body,
                    "language": "",
                    "state": "new",
                    "requester_masked": {},
                    "clocks": [],
                    "missing": [],
                    "degraded": [],
                    "extra": {},
                    "version": 1,
                    "opened_at": opened_at,
                    "updated_at": opened_at,
                    "resolution_due_at": due_at,
                }
            )
            notes.append(
                {
                    "ticket_id": place,
                    "profile_key": profile.key,
                    "account": "form",
                    "requester": f"r{place % 5000}",
                    "terms": terms_of(text.title, text.body).tobytes(),
                    "likeness": 0.0,
                }
            )
            bands += [{"band": band, "ticket_id": place} for band in set(text.shingles.bands)]
        with application.database.transaction() as session:
            for table, values in ((Ticket, rows), (Sighting, notes), (SightingBand, bands)):
                session.execute(insert(table), values)


def _varied(text: Text, rng: random.Random) -> Text:
    """Return the text with some words in another order, so that it is not the same again."""
    words = (text.title + " " + text.body[:600]).split(" ")
    if len(words) < 4:
        words = re.findall(r".{1,4}", text.title + text.body[:600], re.DOTALL)
    rng.shuffle(words)
    return Text(text.id, " ".join(words[:8]), " ".join(words[8:]))


if __name__ == "__main__":
    {"repeats": repeats, "incidents": incidents, "outbreaks": outbreaks, "cost": cost}[sys.argv[1]](
        Path(sys.argv[2])
    )
