"""PostgreSQL and Redis as the launcher runs them: killed, started again, never left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.launcher.standin_project import marked, until
from webapp.launcher.services import Postgres, Redis

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres.throwaway() as server:
        yield server


def connect(server: Postgres, url: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect((url or server.url).replace("+psycopg", ""), autocommit=True)


def test_it_listens_on_a_socket_only_and_sorts_alike_everywhere(postgres: Postgres) -> None:
    with connect(postgres) as connection:
        settings = "SELECT current_setting('listen_addresses'), datlocale, datlocprovider"
        row = connection.execute(f"{settings} FROM pg_database WHERE datname = 'outpost'")
        assert row.fetchone() == ("", "C.UTF-8", "b")
    assert postgres.sockets.stat().st_mode & 0o077 == 0


def test_what_was_committed_outlives_kill_9(postgres: Postgres) -> None:
    with connect(postgres) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    half = connect(postgres)
    half.autocommit = False
    half.execute("INSERT INTO kept VALUES (0)")
    postgres.kill()
    postgres.start()
    with connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_killed_five_times_it_comes_back_each_time(postgres: Postgres) -> None:
    for _ in range(5):
        postgres.kill()
        postgres.start()
    with connect(postgres) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_databases_are_copied_from_a_template_and_dropped(postgres: Postgres) -> None:
    with connect(postgres, postgres.create_database("mould")) as connection:
        connection.execute("CREATE TABLE shape (n int)")
    with connect(postgres, postgres.create_database("cast", template="mould")) as connection:
        assert connection.execute("SELECT count(*) FROM shape").fetchone() == (0,)
        postgres.drop_database("cast")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(postgres, postgres.url_of("cast"))


def test_a_server_left_over_on_the_directory_is_ended_first(postgres: Postgres) -> None:
    second = Postgres(postgres.cluster, postgres.sockets, account=postgres.account, options={})
    left_over = postgres.pid
    second.start()
    try:
        assert second.pid != left_over
        assert postgres.process is not None
        assert postgres.process.wait(5) == 0
    finally:
        second.stop()
        postgres.start()


def test_a_stale_pid_file_harms_nobody(postgres: Postgres) -> None:
    postgres.stop()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = postgres.directory / "postmaster.pid"
        pid_file.write_text(f"{bystander.pid}\n{postgres.directory}\n0\n5432\n\n\n")
        postgres.start()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_redis_is_killed_forgets_and_comes_back() -> None:
    with Redis.throwaway() as server:
        client = redis.Redis.from_url(server.url)
        client.set("a", "1")
        server.kill()
        with pytest.raises(redis.exceptions.ConnectionError):
            client.ping()
        server.start()
        assert client.get("a") is None


@pytest.mark.parametrize("end", ["stdin", "SIGTERM", "SIGKILL"])
def test_services_end_with_their_starter(end: str) -> None:
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.launcher", "services"],
        env={**os.environ, "OUTPOST_TEST_MARK": mark},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    addresses = json.loads(process.stdout.readline())
    redis.Redis.from_url(addresses["redis_url"]).ping()
    if end == "stdin":
        process.stdin.close()
    else:
        process.send_signal(signal.Signals[end])
    process.wait(60)
    until(lambda: marked(mark) == {}, within_seconds=15)
    folder = Path(addresses["redis_url"].removeprefix("unix://")).parent
    assert folder.exists() == (end == "SIGKILL")
    if folder.exists():
        remove_throwaways(addresses)


def remove_throwaways(addresses: dict[str, str]) -> None:
    shutil.rmtree(Path(addresses["redis_url"].removeprefix("unix://")).parent)
    shutil.rmtree(addresses["database_url"].partition("host=")[2])
