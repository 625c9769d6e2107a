"""A template and values → subject, HTML and text of one mail, in the common frame."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import css_inline
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from flask import current_app
from markupsafe import Markup

from webapp.core.money import Money
from webapp.mail import placeholders
from webapp.mail.markup import to_text
from webapp.mail.words import Words, words_for
from webapp.settings import Settings

Value = str | int | date | Money | None
Values = Mapping[str, Value]

_BUTTON = re.compile(
    r'<p[^<>]*>\s*<a class="button"(?P<rest>[^<>]*)>(?P<words>.*?)</a>\s*</p>', re.DOTALL
)
_HREF = re.compile(r'\shref="([^"]+)"')
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True)
class Draft:
    """What is filled in: the texts of a template, with placeholders."""

    subject: str
    html: str


@dataclass(frozen=True)
class Composed:
    """A mail ready to leave."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the frame shows a mail: `brand` instead of the portal's mark; whether answers reach somebody."""

    language: str
    brand: str | None = None
    answers_read: bool = False
    unsubscribe_url: str | None = None

    @property
    def names_support(self) -> bool:
        """Not where somebody else's mail is answered to somebody else: our support knows nothing of it."""
        return not (self.brand and self.answers_read)


def compose(draft: Draft, values: Values, *, look: Look, time_zone: str = "UTC") -> Composed:
    """Fill in, sanitise, frame. Never raises over what templates or values hold."""
    shown = {name: as_text(v, look.language, time_zone) for name, v in values.items()}
    subject = placeholders.fill_subject(draft.subject, shown)
    return assemble(subject, placeholders.fill_html(draft.html, shown), look)


def assemble(subject: str, body: str, look: Look) -> Composed:
    """A subject of one line and sanitised HTML, both filled in, put into the frame."""
    words = words_for(look.language)
    body = with_buttons(body, words)
    return Composed(subject, framed(body, subject, look), _whole_text(body, words, look))


def as_text(value: Value, language: str, time_zone: str = "UTC") -> str:
    """Times, dates, numbers and amounts as the recipient writes them; a time names its zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(time_zone))
        day = format_date(local.date(), "long", locale=language)
        return f"{day}, {format_time(local, 'HH:mm z', tzinfo=local.tzinfo, locale=language)}"
    if isinstance(value, date):
        return format_date(value, "long", locale=language)
    if isinstance(value, Money):
        return value.written(language)
    if isinstance(value, int) and not isinstance(value, bool):
        return format_decimal(value, locale=language)
    return str(value)


def with_buttons(body: str, words: Words) -> str:
    """A paragraph that is a button becomes one that all clients draw, its address printed below (P-24)."""
    return _BUTTON.sub(lambda match: _button(match["rest"], match["words"], words), body)


def _button(attributes: str, label: str, words: Words) -> str:
    href = _HREF.search(attributes)
    if href is None:
        return ""
    address = href[1]
    return (
        '<table class="action" role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>'
        f'<td align="center" bgcolor="#006c6a"><a class="button" href="{address}">{label}</a></td>'
        f'</tr></table><p class="fine">{html.escape(words.link)}<br>'
        f'<a href="{address}">{address}</a></p>'
    )


def framed(body: str, subject: str, look: Look) -> str:
    """The whole document, styles written into the elements."""
    settings = _settings()
    template = current_app.jinja_env.get_template("emails/frame.html")
    page = template.render(
        body=Markup(body),  # noqa: S704 - sanitised by placeholders.fill_html
        subject=subject,
        language=look.language,
        brand=look.brand,
        answers_read=look.answers_read,
        unsubscribe_url=look.unsubscribe_url,
        words=words_for(look.language),
        support_email=settings.support_email if look.names_support else None,
        support_phone=settings.support_phone,
        portal_url=settings.base_url,
    )
    return _INLINER.inline(page)


def _whole_text(body: str, words: Words, look: Look) -> str:
    settings = _settings()
    lines = [to_text(_without_repeated_links(body)), "-- "]
    if look.names_support:
        lines.append(f"{words.support} {settings.support_email}, {settings.support_phone}")
    lines.append(words.answers_read if look.answers_read else words.answers_unread)
    if look.unsubscribe_url:
        lines.append(f"{words.unsubscribe}: {look.unsubscribe_url}")
    if not look.brand:
        lines.append(settings.base_url)
    return "\n".join(lines) + "\n"


_REPEATED = re.compile(
    r'(</a></td></tr></table>)<p class="fine">[^<]*<br><a href="[^"]*">[^<]*</a></p>'
)


def _without_repeated_links(body: str) -> str:
    """In plain text a button is `words: address` anyway; printed twice it would only confuse."""
    return _REPEATED.sub(r"\1", body)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
