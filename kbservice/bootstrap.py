"""The composition root: builds an application from settings; names the concrete parts."""

from __future__ import annotations

import gc
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from kbservice.clock import Clock, SystemClock
from kbservice.domain.account import SYSTEM, Role
from kbservice.errors import Conflict, IndexUnavailable
from kbservice.search.engine import SearchEngine
from kbservice.search.memory_engine import MemoryEngine
from kbservice.search.whoosh.engine import WhooshEngine
from kbservice.services.accounts import Accounts
from kbservice.services.crew import Crew
from kbservice.services.doctor import Doctor, Faults
from kbservice.services.drift import DriftWatch
from kbservice.services.exporting import Exporting
from kbservice.services.feedback import FeedbackDesk
from kbservice.services.gap_watch import GapWatch
from kbservice.services.gaps import GapDesk
from kbservice.services.heartbeat import Heartbeat
from kbservice.services.importing import Importing
from kbservice.services.indexing import Indexing
from kbservice.services.intake import Intake
from kbservice.services.jobs import Jobs, JobWork
from kbservice.services.knowledge import Knowledge
from kbservice.services.profiles import ProfileBook
from kbservice.services.quarantine import Quarantine
from kbservice.services.radar import Radar
from kbservice.services.radar_desk import RadarDesk
from kbservice.services.rankers import Rankers
from kbservice.services.ranking import Ranking
from kbservice.services.recent import RecentQueries
from kbservice.services.releases import Releases
from kbservice.services.replacement import Replacement
from kbservice.services.replay import Replay
from kbservice.services.resolution import ResolutionDesk
from kbservice.services.retrieval import Retrieval
from kbservice.services.schedule import Course, Schedule, Timetable
from kbservice.services.suggesting import Suggesting
from kbservice.services.synonyms import Synonyms
from kbservice.services.tickets import Tickets
from kbservice.services.training import Training
from kbservice.settings import Settings
from kbservice.store.database import Database
from kbservice.triage.evaluation import TriageReport, evaluate_triage
from kbservice.vault import Vault

__all__ = [
    "ENGINES",
    "Application",
    "FirstLogin",
    "TriageReport",
    "build",
    "evaluate_triage",
    "init_instance",
    "temporary_engine",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Every service of one instance, wired; shared by web, worker and commands."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    engine: SearchEngine
    profiles: ProfileBook
    releases: Releases
    rankers: Rankers
    heartbeat: Heartbeat
    accounts: Accounts
    intake: Intake
    suggesting: Suggesting
    radar: Radar
    radar_desk: RadarDesk
    gaps: GapDesk
    gap_watch: GapWatch
    replay: Replay
    feedback: FeedbackDesk
    retrieval: Retrieval
    synonyms: Synonyms
    resolution: ResolutionDesk
    tickets: Tickets
    knowledge: Knowledge
    indexing: Indexing
    training: Training
    quarantine: Quarantine
    ranking: Ranking
    drift: DriftWatch
    crew: Crew
    jobs: Jobs
    replacement: Replacement
    schedule: Schedule
    importing: Importing
    exporting: Exporting
    doctor: Doctor

    def warm(self) -> None:
        """Make the first requests as quick as the later ones; a missing index only warns."""
        try:
            self.engine.warm()
        except IndexUnavailable as error:
            log.warning("index_not_warmed", reason=str(error))
        self.retrieval.warm()
        # What is there now stays: the collector need not look at it again and again.
        gc.freeze()

    def close(self) -> None:
        """Release files and connections."""
        self.engine.close()
        self.database.dispose()


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLogin:
    """The first administrator's login; shown this once."""

    name: str
    password: str


def _open_whoosh(settings: Settings, vault: Vault) -> SearchEngine:
    return WhooshEngine(
        settings.article_index_dir,
        refresh_interval_s=settings.refresh_interval_s,
        key=vault.sign_key,
    )


def _open_memory(_settings: Settings, _vault: Vault) -> SearchEngine:
    return MemoryEngine()


ENGINES: Mapping[str, Callable[[Settings, Vault], SearchEngine]] = {
    "whoosh": _open_whoosh,
    "memory": _open_memory,
}


def build(settings: Settings, *, clock: Clock | None = None) -> Application:
    """Wire an initialised instance.

    Raises:
        SchemaMismatch: The database is not initialised, older or newer than this program.
        Broken: The instance's keys are missing or unreadable.
    """
    clock = clock or SystemClock()
    database = Database(settings.effective_database_url)
    database.check_schema()
    vault = Vault.load(settings.instance_dir / "keys")
    profiles = ProfileBook(settings.instance_dir / "profiles", settings.profile)
    return _wired(
        _Parts(
            settings=settings,
            clock=clock,
            database=database,
            vault=vault,
            engine=ENGINES[settings.engine](settings, vault),
            profiles=profiles,
            releases=Releases(
                folder=settings.classifier_dir,
                key=vault.sign_key,
                database=database,
                profiles=profiles,
                is_prompt=settings.refresh_interval_s == 0,
            ),
            rankers=Rankers(
                folder=settings.ranker_dir, key=vault.sign_key, shuffles=settings.shuffle_near_ties
            ),
            heartbeat=Heartbeat(settings.instance_dir / "worker.beat", clock),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What every service is made from."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    engine: SearchEngine
    profiles: ProfileBook
    releases: Releases
    rankers: Rankers
    heartbeat: Heartbeat


def _wired(parts: _Parts) -> Application:
    database, clock, profiles = parts.database, parts.clock, parts.profiles
    zone = ZoneInfo(parts.settings.timezone)
    indexing = Indexing(database=database, engine=parts.engine, clock=clock)
    quarantine = Quarantine(database=database, profiles=profiles, clock=clock)
    training = _training(parts, quarantine)
    drift = _drift(parts)
    ranking = Ranking(database=database, rankers=parts.rankers, clock=clock)
    jobs = Jobs(database=database, clock=clock, works=_works(indexing, training, ranking))
    recent = RecentQueries()
    synonyms = Synonyms(database=database, engine=parts.engine, clock=clock, recent=recent.latest)
    radar = Radar(database=database, profiles=profiles, key=parts.vault.sign_key, clock=clock)
    suggesting = _suggesting(parts, radar)
    retrieval = _retrieval(parts, synonyms, recent)
    return Application(
        **{name: getattr(parts, name) for name in _Parts.__slots__},
        accounts=Accounts(database, clock),
        intake=_intake(parts, suggesting, radar),
        suggesting=suggesting,
        radar=radar,
        radar_desk=RadarDesk(database=database, clock=clock),
        gaps=GapDesk(database=database, key=parts.vault.sign_key, clock=clock),
        gap_watch=_gap_watch(parts, retrieval),
        replay=Replay(
            database=database,
            engine=parts.engine,
            profiles=profiles,
            releases=parts.releases,
            rankers=parts.rankers,
        ),
        feedback=FeedbackDesk(database=database, profiles=profiles, clock=clock),
        retrieval=retrieval,
        synonyms=synonyms,
        resolution=ResolutionDesk(database=database, profiles=profiles, clock=clock),
        tickets=Tickets(database=database, profiles=profiles, vault=parts.vault, clock=clock),
        knowledge=Knowledge(database=database, clock=clock),
        indexing=indexing,
        training=training,
        quarantine=quarantine,
        drift=drift,
        crew=Crew(parts.settings.instance_dir / "workers"),
        jobs=jobs,
        replacement=Replacement(database=database, engine=parts.engine, jobs=jobs, clock=clock),
        schedule=_schedule(parts, jobs, training, ranking),
        ranking=ranking,
        importing=Importing(
            database=database, profiles=profiles, vault=parts.vault, clock=clock, zone=zone
        ),
        exporting=Exporting(database=database, vault=parts.vault, clock=clock),
        doctor=_doctor(
            parts,
            indexing,
            {"classifier": training.faults, "ranker": ranking.faults, "drift": drift.faults},
        ),
    )


def _doctor(parts: _Parts, indexing: Indexing, learned: Mapping[str, Faults]) -> Doctor:
    return Doctor(
        database=parts.database,
        indexing=indexing,
        learned=learned,
        heartbeat=parts.heartbeat,
        instance_dir=parts.settings.instance_dir,
    )


def _training(parts: _Parts, quarantine: Quarantine) -> Training:
    return Training(
        database=parts.database,
        profiles=parts.profiles,
        releases=parts.releases,
        quarantine=quarantine,
        clock=parts.clock,
    )


def _drift(parts: _Parts) -> DriftWatch:
    return DriftWatch(
        database=parts.database,
        profiles=parts.profiles,
        releases=parts.releases,
        clock=parts.clock,
        is_prompt=parts.settings.refresh_interval_s == 0,
    )


def _suggesting(parts: _Parts, radar: Radar) -> Suggesting:
    return Suggesting(
        database=parts.database,
        engine=parts.engine,
        profiles=parts.profiles,
        releases=parts.releases,
        rankers=parts.rankers,
        clock=parts.clock,
        radar=radar,
    )


def _intake(parts: _Parts, suggesting: Suggesting, radar: Radar) -> Intake:
    return Intake(
        database=parts.database,
        suggesting=suggesting,
        radar=radar,
        vault=parts.vault,
        clock=parts.clock,
        zone=ZoneInfo(parts.settings.timezone),
    )


def _gap_watch(parts: _Parts, retrieval: Retrieval) -> GapWatch:
    return GapWatch(
        database=parts.database,
        profiles=parts.profiles,
        finds=lambda words, public: retrieval.finds(words, public=public),
        clock=parts.clock,
    )


def _retrieval(parts: _Parts, synonyms: Synonyms, recent: RecentQueries) -> Retrieval:
    return Retrieval(
        database=parts.database,
        engine=parts.engine,
        clock=parts.clock,
        book=synonyms.book,
        recent=recent,
        profiles=parts.profiles,
        follow_s=parts.settings.refresh_interval_s,
    )


def _schedule(parts: _Parts, jobs: Jobs, training: Training, ranking: Ranking) -> Schedule:
    settings = parts.settings
    return Schedule(
        database=parts.database,
        jobs=jobs,
        courses=(
            Course(kind="train_classifier", news=training.news, last_at=training.last_at),
            Course(kind="train_ranker", news=ranking.news, last_at=ranking.last_at),
        ),
        clock=parts.clock,
        timetable=Timetable(
            hour=settings.train_hour,
            enough=settings.train_after,
            zone=ZoneInfo(settings.timezone),
        ),
    )


def _works(indexing: Indexing, training: Training, ranking: Ranking) -> Mapping[str, JobWork]:
    """Return what the worker can be asked to do."""
    return {
        "rebuild_index": lambda _arguments, progress: indexing.rebuild(progress),
        "train_classifier": lambda arguments, progress: training.train_each(
            progress,
            profile_key=str(arguments.get("profile", "")),
            only_if_new=bool(arguments.get("only_if_new")),
        ),
        "train_ranker": lambda _arguments, progress: ranking.train(progress),
    }


def init_instance(settings: Settings, *, admin: str = "admin") -> FirstLogin:
    """Make a new instance: folders, keys, schema, first administrator.

    Raises:
        Conflict: The instance exists already.
    """
    if (settings.instance_dir / "keys").exists():
        raise Conflict("There is an instance in {home} already", home=str(settings.home))
    indexes = (settings.article_index_dir, settings.classifier_dir, settings.ranker_dir)
    for folder in (*indexes, settings.instance_dir):
        folder.mkdir(parents=True, exist_ok=True)
    settings.instance_dir.chmod(0o700)
    database = Database(settings.effective_database_url)
    database.migrate()
    settings.profile_note.write_text(f"{settings.profile}\n", encoding="utf-8")
    vault = Vault.create(settings.instance_dir / "keys")
    # An empty index answers at once; without one the first minute would be degraded.
    engine = ENGINES[settings.engine](settings, vault)
    with engine.rebuild():
        pass
    engine.close()
    password = secrets.token_urlsafe(12)
    Accounts(database, SystemClock()).create(admin, Role.ADMIN, password=password, actor=SYSTEM)
    database.dispose()
    return FirstLogin(name=admin, password=password)


@contextmanager
def temporary_engine() -> Iterator[SearchEngine]:
    """Open an empty engine of the product's own kind that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kbservice-") as folder:
        key = secrets.token_bytes(32)
        with closing(WhooshEngine(Path(folder), refresh_interval_s=0.0, key=key)) as engine:
            yield engine
