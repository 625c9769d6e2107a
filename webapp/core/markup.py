"""The pieces of HTML that a list repeats for each row, made in Python: fifty rows of them are most of a page's cost.

Templates reach them through the macros `ui.time` and `ui.menu`; a list's rows call them directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from flask import Flask, current_app, g, has_request_context
from flask_babel import get_locale, get_timezone
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from webapp.core.clock import utcnow

MISSING = "—"


def init_app(app: Flask) -> None:
    app.jinja_env.globals["time_markup"] = time_markup
    app.jinja_env.globals["menu_markup"] = menu_markup


def icon_markup(name: str) -> Markup:
    """As `ui.icon` does without a label: decoration."""
    asset = current_app.jinja_env.globals["asset"]
    return _icon(name, str(asset("img/icons.svg")))  # type: ignore[operator]


@lru_cache(maxsize=256)
def _icon(name: str, sprite: str) -> Markup:
    svg = (
        '<svg class="icon" width="18" height="18" aria-hidden="true"><use href="{}#{}"></use></svg>'
    )
    return Markup(svg).format(sprite, name)  # noqa: S704 - a constant


def time_markup(
    moment: datetime | date | None, kind: str = "ago", missing: str = MISSING
) -> Markup:
    """kind: ago, date, datetime, time. The words are the server's; the browser puts its own zone where it can."""
    if not moment:
        return Markup('<span class="muted">{}</span>').format(missing)
    if not isinstance(moment, datetime):
        words = format_date(moment, "medium", locale=get_locale())
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), words)
    return _moment_markup(moment, kind)


def _moment_markup(moment: datetime, kind: str) -> Markup:
    locale, zone = get_locale(), get_timezone()
    if kind == "ago":
        words = format_timedelta(moment - _now(), add_direction=True, locale=locale)
    elif kind == "date":
        words = format_date(moment.astimezone(zone), "medium", locale=locale)
    elif kind == "time":
        words = format_time(moment, "short", tzinfo=zone, locale=locale)
    else:
        words = format_datetime(moment, "short", tzinfo=zone, locale=locale)
    title = format_datetime(moment, "long", tzinfo=zone, locale=locale)
    return Markup(  # noqa: S704 - each part is escaped
        f'<time datetime="{moment.isoformat()}" title="{escape(title)}" '
        f'data-local="{escape(kind)}">{escape(words)}</time>'
    )


def _now() -> datetime:
    """One present for all words of a page."""
    if not has_request_context():
        return utcnow()
    if "page_now" not in g:
        g.page_now = utcnow()
    now: datetime = g.page_now
    return now


def menu_markup(
    label: str,
    items: Iterable[Mapping[str, Any]],
    *,
    summary: str | Markup = "",
    classes: str = "menu",
    button: str = "btn btn-quiet btn-icon",
) -> Markup:
    """A drop-down of links and of forms that post; `summary` defaults to three dots with the label as its name."""
    inside = summary or Markup('{}<span class="sr-only">{}</span>').format(
        icon_markup("more"), label
    )
    name = escape(label)
    entries = "".join(_item(item) for item in items)
    return Markup(  # noqa: S704 - each part is escaped
        f'<details class="{escape(classes)}" data-menu>'
        f'<summary class="{escape(button)}" title="{name}">{escape(inside)}</summary>'
        f'<div class="menu-panel">{entries}</div></details>'
    )


def _item(item: Mapping[str, Any]) -> str:
    if item.get("line"):
        return '<div class="menu-line" role="separator"></div>'
    if item.get("title"):
        return f'<div class="menu-title">{escape(item["title"])}</div>'
    kind = "menu-item danger" if item.get("danger") else "menu-item"
    more = _attributes(item.get("attrs") or {})
    if item.get("action"):
        return _form(item, f'<button class="{kind}" type="submit"{more}>{_text(item)}</button>')
    current = ' aria-current="true"' if item.get("current") else ""
    return f'<a class="{kind}" href="{escape(item["href"])}"{current}{more}>{_text(item)}</a>'


def _form(item: Mapping[str, Any], button: str) -> str:
    asks = ""
    if item.get("confirm"):
        verb = item.get("verb") or item["text"]
        asks = f' data-confirm="{escape(item["confirm"])}" data-verb="{escape(verb)}"'
    fields = {"csrf_token": generate_csrf(), **(item.get("fields") or {})}
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return f'<form method="post" action="{escape(item["action"])}"{asks}>{hidden}{button}</form>'


def _text(item: Mapping[str, Any]) -> str:
    icon = icon_markup(str(item["icon"])) if item.get("icon") else ""
    note = f"<small>{escape(item['note'])}</small>" if item.get("note") else ""
    return f"{icon}<span>{escape(item['text'])}</span>{note}"


def _attributes(attributes: Mapping[str, Any]) -> str:
    """As Jinja's `xmlattr`: what is None or undefined is left out."""
    return "".join(
        f' {escape(name)}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
