"""Puts the application together: settings, mechanisms, packages, then the checks that may stop the start."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from jinja2 import StrictUndefined
from redis import BlockingConnectionPool, Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    accounts,
    activities,
    alarms,
    api,
    audit,
    backups,
    devices,
    fuel,
    help,  # noqa: A004 - the pages of help
    hubs,
    imports,
    legal,
    mail,
    mailing,
    meters,
    notices,
    operator,
    orgs,
    printers,
    records,
    search,
    shell,
    tills,
    webhooks,
)
from webapp.core import (
    access,
    assets,
    db,
    errors,
    floods,
    headers,
    health,
    jobs,
    logs,
    markup,
    metrics,
    openapi,
    preferences,
    tenancy,
    web,
)
from webapp.core.web import Portal
from webapp.mail import types as mail_types
from webapp.settings import Settings

PACKAGES = (
    audit,
    mail,
    accounts,
    legal,
    help,
    orgs,
    notices,
    activities,
    mailing,
    webhooks,
    api,
    imports,
    devices,
    alarms,
    backups,
    operator,
    fuel,
    tills,
    hubs,
    meters,
    printers,
    search,
    records,
)


def assemble(settings: Settings) -> Portal:
    app = Portal("webapp", static_folder=None, template_folder="../templates")
    app.extensions["settings"] = settings
    _configure_flask(app, settings)
    _configure_core(app, settings)
    for package in PACKAGES:
        package.init_app(app)
    shell.init_app(app)
    if not settings.is_production:
        from webapp import demo, design

        demo.init_app(app)
        design.init_app(app)
    access.check_declared(app)
    tenancy.check_shapes()
    mail_types.check_defaults(app)
    return app


def _configure_flask(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SESSION_COOKIE_NAME="outpost",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
        TESTING=settings.environment == "test",
    )
    if not settings.is_production:
        app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _configure_core(app: Flask, settings: Settings) -> None:
    logs.configure(settings.log_format)
    app.extensions["redis"] = _redis(settings)
    db.init_app(app)
    logs.init_app(app)
    metrics.init_app(app)
    web.init_app(app)
    floods.init_app(app, settings)
    access.init_app(app)
    errors.init_app(app)
    headers.init_app(app)
    if settings.secure_cookies:
        headers.init_https(app)
    preferences.init_app(app)
    assets.init_app(app)
    markup.init_app(app)
    health.init_app(app)
    openapi.init_app(app)
    jobs.init_app(app)


def _redis(settings: Settings) -> Redis:
    """One bounded pool a process; a lost Redis answers with an error within a second, never hangs."""
    pool = BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=settings.web_threads + 2,
        timeout=2,
        socket_timeout=5,
        socket_connect_timeout=1,
    )
    return Redis(connection_pool=pool)
