"""`python -m webapp.launcher.chain "db upgrade" "demo seed"`: several flask commands in one process.

Importing the application takes longer than most commands; here it is done once. After each command one
JSON line says what it was, how long it took and what it said.
"""

import contextlib
import importlib
import io
import json
import shlex
import sys
import time

from flask.cli import FlaskGroup


def main(commands: list[str]) -> int:
    began = time.monotonic()
    sys.path.insert(0, "")
    app = importlib.import_module("wsgi").app
    group = FlaskGroup(create_app=lambda: app)
    for command in commands:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                group.main(args=shlex.split(command), prog_name="flask", standalone_mode=False)
        except BaseException:
            sys.stderr.write(f"{said.getvalue()}«flask {command}» failed\n")
            raise
        seconds = time.monotonic() - began
        result = {"command": command, "seconds": seconds, "said": said.getvalue()}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
        began = time.monotonic()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
