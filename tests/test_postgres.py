"""The private database of the end-to-end tests: empty, ours alone, and gone without a trace."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy

from tools.postgres import Postgres, server_programs

needs_server = pytest.mark.skipif(server_programs() is None, reason="no PostgreSQL server on this machine")


@needs_server
def test_a_database_takes_several_clients() -> None:
    with Postgres() as server:
        engine = sqlalchemy.create_engine(server.sql_alchemy_conn)
        with engine.connect() as first, engine.connect() as second:
            first.execute(sqlalchemy.text("create table something (id int)"))
            first.commit()
            assert second.execute(sqlalchemy.text("select count(*) from something")).scalar() == 0
        engine.dispose()


@needs_server
def test_a_database_ends_whoever_is_connected_and_leaves_neither_process_nor_file() -> None:
    with Postgres() as server:
        client = psycopg2.connect(user="airflow", dbname="postgres", host=str(server.folder))
        assert len(server.pids()) > 1
    client.close()
    assert server.pids() == []
    assert not server.folder.exists()


@needs_server
def test_two_databases_stand_side_by_side() -> None:
    with Postgres() as one, Postgres() as other:
        assert one.sql_alchemy_conn != other.sql_alchemy_conn
        assert not set(one.pids()) & set(other.pids())


@needs_server
def test_a_database_has_what_was_committed_after_a_restart() -> None:
    with Postgres() as server:
        engine = sqlalchemy.create_engine(server.sql_alchemy_conn, pool_pre_ping=True)
        with engine.begin() as client:
            client.execute(sqlalchemy.text("create table something (id int)"))
        before = server.pids()
        server.restart()
        assert not set(before) & set(server.pids())
        with engine.connect() as client:
            assert client.execute(sqlalchemy.text("select count(*) from something")).scalar() == 0
        engine.dispose()


@needs_server
def test_a_dump_shows_what_is_stored_bytes_too() -> None:
    with Postgres() as server:
        engine = sqlalchemy.create_engine(server.sql_alchemy_conn)
        with engine.begin() as client:
            client.execute(sqlalchemy.text("create table something (word text, bytes bytea)"))
            client.execute(sqlalchemy.text("insert into something values ('a word', 'some bytes')"))
        engine.dispose()
        assert "a word\tsome bytes" in server.dump()


def test_a_server_that_cannot_be_made_says_why_and_leaves_no_folder() -> None:
    # Not in a folder of pytest: whoever runs the server in our place may not look into those.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        program = Path(folder) / "initdb"
        program.write_text("#!/bin/sh\necho the disk is full >&2\nexit 1\n")
        program.chmod(0o755)
        server = Postgres(Path(folder))
        with pytest.raises(RuntimeError, match="the disk is full"):
            server.__enter__()
    assert not server.folder.exists()
