"""The schema from its first step on, applied once, whole or not at all."""

import duckdb
import pytest

from abstory.errors import StoreDamaged, StoreTooNew
from abstory.warehouse import migrations as module
from abstory.warehouse.migrations import Migration, migrate, migrations, pending, version_of


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        yield opened


def test_steps_are_numbered_from_one_without_gaps():
    assert [step.version for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_step_applies_to_the_one_before(connection):
    assert version_of(connection) == 0
    assert migrate(connection) == len(migrations())
    assert version_of(connection) == migrations()[-1].version
    assert (migrate(connection), pending(connection)) == (0, ())


def test_an_older_database_keeps_its_rows(connection, monkeypatch):
    migrate(connection)
    connection.execute("INSERT INTO attributes VALUES ('v1', 'country', 'DE', 0, 1)")
    known = migrations()
    after = Migration(len(migrations()) + 1, "more", "ALTER TABLE attributes ADD COLUMN more VARCHAR")
    monkeypatch.setattr(module, "migrations", lambda: (*known, after))
    assert migrate(connection) == 1
    assert connection.execute("FROM attributes").fetchall() == [("v1", "country", "DE", 0, 1, None)]


def test_a_step_that_fails_leaves_nothing(connection, monkeypatch):
    broken = Migration(1, "broken", "CREATE TABLE half (i INTEGER); SELECT * FROM nowhere")
    monkeypatch.setattr(module, "migrations", lambda: (broken,))
    with pytest.raises(duckdb.CatalogException):
        migrate(connection)
    assert version_of(connection) == 0


def test_a_newer_database_is_refused(connection):
    migrate(connection)
    connection.execute("INSERT INTO schema_version VALUES (999, 'later')")
    with pytest.raises(StoreTooNew, match="999"):
        pending(connection)


def test_a_database_of_somebody_else_is_refused(connection):
    connection.execute("CREATE TABLE theirs (i INTEGER)")
    with pytest.raises(StoreDamaged):
        pending(connection)
