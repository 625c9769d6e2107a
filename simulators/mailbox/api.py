"""The JSON side, for tests and benchmarks."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from simulators.mailbox.behaviour import BadBehaviourError, Behaviour, Conduct
from simulators.mailbox.store import Store

MAX_WAIT_SECONDS = 60.0
LIMIT = 500


def create_api(store: Store, conduct: Conduct) -> Blueprint:
    api = Blueprint("api", __name__, url_prefix="/api")

    @api.get("/count")
    def count() -> ResponseReturnValue:
        """`count`: kept now; `received`: since the start; `newest`: the last id, for `after`."""
        return jsonify(count=len(store), received=store.received, newest=store.newest)

    @api.get("/messages")
    def messages() -> ResponseReturnValue:
        """In order of arrival; `after` and `limit` page through; `wait` waits for the first."""
        terms = {name: request.args.get(name, "") for name in ("to", "subject", "text", "after")}
        wait, limit = _number("wait", 0, MAX_WAIT_SECONDS), int(_number("limit", LIMIT, 5_000))
        found = store.wait(**terms, seconds=wait)
        return jsonify(count=len(found), messages=[mail.summary() for mail in found[:limit]])

    @api.get("/messages/<mail_id>")
    def message(mail_id: str) -> ResponseReturnValue:
        mail = store.get(mail_id)
        return jsonify(mail.detail()) if mail else _error("there is no such mail", 404)

    @api.delete("/messages")
    def clear() -> ResponseReturnValue:
        return jsonify(removed=store.clear())

    _add_behaviour(api, conduct)
    return api


def _add_behaviour(api: Blueprint, conduct: Conduct) -> None:
    @api.get("/behaviour")
    def behaviour() -> ResponseReturnValue:
        return jsonify(conduct.now.as_json())

    @api.put("/behaviour")
    def behave() -> ResponseReturnValue:
        conduct.become(Behaviour.from_json(request.get_json(silent=True)))
        return jsonify(conduct.now.as_json())

    @api.errorhandler(BadBehaviourError)
    def refused(error: Exception) -> Any:
        return _error(str(error), 422)


def _number(name: str, default: float, top: float) -> float:
    """A number of the query; out of range is brought into it."""
    try:
        number = float(request.args.get(name, default))
    except ValueError:
        return default
    return min(max(number, 0), top) if number == number else default


def _error(why: str, status: int) -> tuple[Any, int]:
    return jsonify(error=why), status
