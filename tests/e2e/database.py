"""The database of an Airflow under test: PostgreSQL where its server is installed, SQLite elsewhere."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tools.postgres import Postgres, server_programs

DATABASE = "E2E_DATABASE"
"""Environment variable: one of the following; by default the first of them where its server is installed."""
KINDS = ("postgres", "sqlite")


def kind() -> str:
    """
    Return which database is used.

    :raises ValueError: The variable names another one.
    """
    asked = os.environ.get(DATABASE) or KINDS[not server_programs()]
    if asked not in KINDS:
        raise ValueError(f"{DATABASE} is {asked!r}; allowed: {', '.join(KINDS)}")
    return asked


@contextlib.contextmanager
def new_database() -> Iterator[Postgres | None]:
    """Run a new PostgreSQL; or give None, for a SQLite file of the Airflow's own."""
    with contextlib.ExitStack() as running:
        yield running.enter_context(Postgres()) if kind() == "postgres" else None


def address(database: Postgres | None) -> str | None:
    """Return what ``AirflowStack(sql_alchemy_conn=...)`` takes."""
    return database.sql_alchemy_conn if database else None


def workers(database: Postgres | None, most: int) -> str:
    """
    Return how many tasks may run at once.

    :param database: SQLite takes one writer: more workers only make each other wait, or fail.
    :param most: On PostgreSQL.
    """
    return str(most if database else 2)
