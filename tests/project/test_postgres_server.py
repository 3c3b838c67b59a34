from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from tests import optional_parts, postgres_server


@pytest.mark.postgres
def test_the_throw_away_server_gives_separate_databases_and_leaves_nothing() -> None:
    try:
        with postgres_server.start() as server:
            first, second = server.create_database(), server.create_database()
            engine = create_engine(first)
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE note (body text)"))
                connection.execute(text("INSERT INTO note VALUES ('三亿')"))
                assert connection.scalar(text("SELECT body FROM note")) == "三亿"
            engine.dispose()
            other = create_engine(second)
            with other.connect() as connection:
                assert connection.scalar(text("SELECT to_regclass('note')")) is None
            server.drop_database(second)
            other.dispose()
            folder = server.folder
    except postgres_server.PostgresMissing as reason:
        optional_parts.missing("PostgreSQL", str(reason))
    assert not folder.exists()
