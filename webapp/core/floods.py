"""Against coarse floods only: so many requests a minute from one address, counted in Redis.

What matters (passwords, codes, tokens) is counted exactly in PostgreSQL, see `core.throttle`. With Redis away each
process counts for itself.
"""

from __future__ import annotations

from flask import Flask, Response, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

from webapp.core.errors import TooMany, answer_too_many
from webapp.settings import Settings

FREE = ("assets.", "health.")


def init_app(app: Flask, settings: Settings) -> None:
    """Nothing is counted where `FLOOD_PER_MINUTE` is 0."""
    limiter = Limiter(
        get_remote_address,
        app=app,
        application_limits=[f"{settings.flood_per_minute}/minute"],
        storage_uri=settings.redis_url.replace("unix:", "redis+unix:", 1),
        storage_options={"socket_timeout": 1, "socket_connect_timeout": 1},
        in_memory_fallback_enabled=True,
        key_prefix="flood",
        headers_enabled=False,
        on_breach=_refuse,
        enabled=settings.flood_per_minute > 0,
    )
    limiter.request_filter(_is_free)


def _is_free() -> bool:
    return (request.endpoint or "").startswith(FREE)


def _refuse(_limit: RequestLimit) -> Response:
    """Answered here: an exception would pass for a lost Redis."""
    return answer_too_many(TooMany(60))
