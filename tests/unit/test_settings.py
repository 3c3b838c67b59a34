from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from kbservice.bootstrap import init_instance
from kbservice.errors import BadSettings
from kbservice.settings import Settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("KBSERVICE_"):
            monkeypatch.delenv(name)


def test_the_defaults_are_a_local_instance_in_the_current_folder():
    settings = Settings.load()

    assert (settings.host, settings.port, settings.locale) == ("127.0.0.1", 8080, "zh_CN")
    assert settings.instance_dir == Path("instance")
    assert settings.article_index_dir == Path("indexes/articles")
    assert settings.classifier_dir == Path("indexes/classifiers")


def test_the_default_database_is_a_file_of_the_instance(tmp_path: Path):
    settings = Settings.load(home=tmp_path)

    assert settings.effective_database_url == f"sqlite:///{tmp_path}/instance/kbservice.db"


def test_a_given_database_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KBSERVICE_DATABASE_URL", "postgresql://kb@db/kb")

    assert Settings.load().effective_database_url == "postgresql://kb@db/kb"


def test_a_keyword_wins_over_the_environment_unless_it_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KBSERVICE_PORT", "9000")

    assert Settings.load(port=7000).port == 7000
    assert Settings.load(port=None).port == 9000


def test_the_profile_is_the_one_that_the_instance_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    init_instance(Settings.load(home=tmp_path, profile="it-response", engine="memory"))

    assert Settings.load(home=tmp_path).profile == "it-response"
    assert Settings.load(home=tmp_path, profile="principles").profile == "principles"
    monkeypatch.setenv("KBSERVICE_PROFILE", "software-support")
    assert Settings.load(home=tmp_path).profile == "software-support"


def test_an_unknown_name_is_refused_with_the_known_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KBSERVICE_PROT", "9000")

    with pytest.raises(BadSettings, match=r"Unknown setting KBSERVICE_PROT; known are .*_PORT"):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KBSERVICE_PORT", "70000"),
        ("KBSERVICE_PORT", "http"),
        ("KBSERVICE_ENGINE", "lucene"),
        ("KBSERVICE_LOCALE", "fr"),
        ("KBSERVICE_THREADS", "0"),
        ("KBSERVICE_POLL_INTERVAL_S", "0"),
        ("KBSERVICE_SECURE_COOKIES", "maybe"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)

    with pytest.raises(BadSettings) as caught:
        Settings.load()

    assert caught.value.facts["name"] == name
    assert caught.value.facts["got"] == value


def test_settings_do_not_change_after_loading():
    with pytest.raises(ValidationError, match="frozen"):
        Settings.load().port = 1  # type: ignore[misc]


def test_every_setting_says_what_it_is_for():
    missing = [name for name, field in Settings.model_fields.items() if not field.description]

    assert missing == []
