"""A small portal for the tests of the launcher: the same commands and addresses, nothing behind them."""

from __future__ import annotations

import json
import os
import subprocess
import time

import click
import psycopg
from flask import Flask

app = Flask(__name__)
DATABASE = os.environ["DATABASE_URL"].replace("+psycopg", "")


@app.get("/readyz")
def readyz() -> str:
    return "ready"


@app.get("/starts")
def starts() -> str:
    with psycopg.connect(DATABASE) as connection:
        row = connection.execute("SELECT count(*) FROM starts").fetchone()
        return str(row[0] if row else 0)


@app.get("/slow")
def slow() -> str:
    time.sleep(30)
    return "slow"


@app.get("/orphan")
def orphan() -> str:
    """Leave a process behind that belongs to no group and no session of ours."""
    subprocess.Popen(["setsid", "--fork", "sleep", "300"])
    return "left"


db, demo = click.Group("db"), click.Group("demo")
app.cli.add_command(db)
app.cli.add_command(demo)


@db.command("upgrade")
def upgrade() -> None:
    if os.environ.get("BREAK_MIGRATION"):
        raise SystemExit("column «colour» is missing")
    with psycopg.connect(DATABASE) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO starts DEFAULT VALUES")


@demo.command("seed")
def seed() -> None:
    print("  admin@acme.test  a password")


@demo.command("fleet")
def fleet() -> None:
    print(json.dumps([{"name": "printer-1", "argv": ["python", "-m", "simulators", "printer"]}]))
