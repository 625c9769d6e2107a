"""Configuration of the local gunicorn: its workers die with their master, whatever they are at."""

import os
import signal

from webapp.launcher.spawn import die_with_parent

_master = os.getpid()


def post_fork(_server: object, _worker: object) -> None:
    """A worker that finished a long answer after the master's death would hold the port."""
    die_with_parent(signal.SIGKILL, _master)
