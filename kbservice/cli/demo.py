"""``kbservice demo``: a running instance with real sample data, ready to try."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path

import click

from kbservice.bootstrap import Application, FirstLogin, build, init_instance
from kbservice.cli.demo_tour import print_tour
from kbservice.cli.instance import is_initialised, upgrade
from kbservice.cli.invocation import Invocation, invoked
from kbservice.cli.progress import shown_progress
from kbservice.cli.serving import run_service
from kbservice.domain.account import SYSTEM, Role
from kbservice.errors import Broken, Conflict
from kbservice.files import write_durably
from kbservice.profiles import parse
from kbservice.services.progress import Progress
from kbservice.settings import Settings

_PROFILE = "cloud-support"
_NOTES = "demo.json"
# Files of these profiles; the others are tickets of the shipped default profile.
_CLOUD_TICKETS = "tickets-zh-cloud.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoNotes:
    """What a later run prints again; made-up secrets of a made-up instance.

    Attributes:
        is_ready: The sample data is in; else the next run goes on where this one stopped.
    """

    admin: str
    password: str
    staff_key: str = ""
    intake_key: str = ""
    is_ready: bool = False


@click.command()
@click.option("--host", help="Address to listen on [KBSERVICE_HOST].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0: any free [KBSERVICE_PORT].")
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), help="[KBSERVICE_HOME or ./demo]"
)
@click.option("--no-serve", is_flag=True, help="Make the instance and stop.")
@invoked
def demo(
    invocation: Invocation,
    host: str | None,
    port: int | None,
    home: Path | None,
    *,
    no_serve: bool,
) -> None:
    """Make a demo instance with sample articles and tickets, and serve it until Ctrl-C.

    A second run finds the instance as it was left.
    """
    settings = Settings.load(host=host, port=port, home=home or _default_home(), profile=_PROFILE)
    notes = prepare(invocation, settings)
    if no_serve:
        invocation.answer({"home": str(settings.home.resolve()), **asdict(notes)})
        return

    def announce(address: str) -> None:
        home = str(settings.home.resolve())
        invocation.answer({"address": address, "home": home, **asdict(notes)})
        print_tour(invocation, address, notes)

    run_service(settings, with_worker=True, announce=announce)


def prepare(invocation: Invocation, settings: Settings) -> DemoNotes:
    """Make the demo instance, or go on with the one that is there.

    Raises:
        Conflict: The folder holds an instance that is no demo.
    """
    path = settings.instance_dir / _NOTES
    notes = _existing(settings, path) if is_initialised(settings) else _begin(settings, path)
    if not notes.is_ready:
        invocation.say("Making a demo instance in {home} ...", home=str(settings.home.resolve()))
        notes = _fill(invocation, settings, notes)
        _write(path, notes)
    return notes


def _default_home() -> Path | None:
    return None if os.environ.get("KBSERVICE_HOME") else Path("demo")


def _begin(settings: Settings, path: Path) -> DemoNotes:
    login: FirstLogin = init_instance(settings)
    notes = DemoNotes(admin=login.name, password=login.password)
    _write(path, notes)
    return notes


def _existing(settings: Settings, path: Path) -> DemoNotes:
    if not path.exists():
        raise Conflict(
            "{home} holds an instance that is no demo; choose another folder with --home",
            home=str(settings.home.resolve()),
        )
    upgrade(settings)
    try:
        return DemoNotes(**json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise Broken(
            "{path} cannot be read; remove the demo folder to begin anew", path=str(path)
        ) from error


def _write(path: Path, notes: DemoNotes) -> None:
    write_durably(path, json.dumps(asdict(notes), indent=2).encode() + b"\n", mode=0o600)


def _fill(invocation: Invocation, settings: Settings, notes: DemoNotes) -> DemoNotes:
    _install_profile(settings)
    application = build(settings)
    try:
        with shown_progress(invocation) as progress:
            _import_samples(application, progress)
            application.indexing.rebuild(progress)
            application.training.train(progress, profile_key=_PROFILE)
        return DemoNotes(
            admin=notes.admin,
            password=notes.password,
            staff_key=_key(application, "demo-staff", Role.LEAD),
            intake_key=_key(application, "demo-form", Role.INTAKE),
            is_ready=True,
        )
    finally:
        application.close()


def _install_profile(settings: Settings) -> None:
    """Give the instance a profile whose categories are those of the sample tickets."""
    with _sample(f"{_PROFILE}.toml") as source:
        version = parse(source.read_text(encoding="utf-8")).version
        target = settings.instance_dir / "profiles" / f"{_PROFILE}@{version}.toml"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _import_samples(application: Application, progress: Progress) -> None:
    importing = application.importing
    names = sorted(item.name for item in files("kbservice.sample").iterdir())
    for name in (name for name in names if name.endswith(".jsonl")):
        with _sample(name) as path:
            if name.startswith("articles"):
                importing.articles(path, publish=True, progress=progress, principal=SYSTEM)
            else:
                profile = _PROFILE if name == _CLOUD_TICKETS else "product-support"
                importing.tickets(path, profile=profile, progress=progress, principal=SYSTEM)


@contextmanager
def _sample(name: str) -> Iterator[Path]:
    with as_file(files("kbservice.sample").joinpath(name)) as path:
        yield path


def _key(application: Application, name: str, role: Role) -> str:
    accounts = application.accounts
    if name not in {account.name for account in accounts.all()}:
        accounts.create(name, role, actor=SYSTEM)
    return accounts.issue_key(name, role, label="demo", actor=SYSTEM).key
