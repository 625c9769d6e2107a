"""The audit log and its chain."""

from flask import Flask

from webapp.core.db import last_before_commit


def init_app(app: Flask) -> None:
    from webapp.audit import checkpoints, heads  # noqa: F401 - they register sweeps
    from webapp.audit.cli import audit
    from webapp.audit.log import write_collected

    last_before_commit(write_collected)
    app.cli.add_command(audit)
