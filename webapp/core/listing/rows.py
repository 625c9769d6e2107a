"""The rows of a list's table. In Python and not in a template: this runs for each cell of each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup, escape

from webapp.core.markup import MISSING, icon_markup, menu_markup, time_markup

if TYPE_CHECKING:
    from webapp.core.listing.declaration import Column
    from webapp.core.listing.page import Page

_EMPTY = f'<span class="muted">{MISSING}</span>'


def table_rows(page: Page) -> Markup:
    """Every row, with its tick box, cells and menu."""
    writer = _Writer(page)
    return Markup("\n".join(writer.row(row) for row in page.rows))  # noqa: S704 - each part is escaped


class _Writer:
    """What all rows of one page share: words, tags, the makers of cells, all asked for once."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.columns = list(page.listing.columns)
        self.openings = ['<th scope="row" class="col-name">'] + [
            str(column.opening) for column in self.columns[1:]
        ]
        self.contents = [self._maker(column) for column in self.columns]
        self.tick, self.actions, self.copy = (
            _("Tick %(name)s"),
            _("Actions for %(name)s"),
            _("Copy"),
        )
        self.copied, self.yes, self.no = _("Copied"), _("yes"), _("no")

    def row(self, row: Any) -> str:
        page = self.page
        row_id = page.row_id(row)
        parts = [f'<tr data-row id="row-{escape(row_id)}">' if row_id else "<tr data-row>"]
        if page.has_ticks:
            parts.append(self._tick(row))
        for n, column in enumerate(self.columns):
            parts.append(self._cell(n, column, row))
        if page.listing.menu is not None:
            parts.append(self._menu(row))
        parts.append("</tr>")
        return "".join(parts)

    def _cell(self, n: int, column: Column, row: Any) -> str:
        value = self.page.cell(column, row)
        content = _EMPTY if value is None or value == "" else self.contents[n](value)
        link = column.link(row) if column.link is not None else None
        if link:
            content = f'<a href="{escape(link)}">{content}</a>'
        return f"{self.openings[n]}{content}{'</th>' if n == 0 else '</td>'}"

    def _tick(self, row: Any) -> str:
        page = self.page
        name = escape(self.tick % {"name": page.row_name(row)})
        return (
            f'<td class="col-tick"><input type="checkbox" name="row" value="{escape(page.tick_value(row))}" '
            f'form="{escape(page.id)}-bulk" data-bulk-row aria-label="{name}"></td>'
        )

    def _menu(self, row: Any) -> str:
        items = self.page.menu(row)
        if not items:
            return '<td class="col-menu"></td>'
        label = self.actions % {"name": self.page.row_name(row)}
        return f'<td class="col-menu">{menu_markup(label, items, classes="menu row-menu")}</td>'

    def _maker(self, column: Column) -> Callable[[Any], str]:
        if column.is_plain:
            return lambda value: str(escape(value))
        makers: dict[str, Callable[[Any], str]] = {
            "number": lambda value: str(escape(self.page.number(value))),
            "state": self._states("status"),
            "time": lambda value: str(time_markup(value)),
            "date": lambda value: str(time_markup(value, "date")),
            "code": self._bare_code if column.link is not None else self._code,
            "yes_no": lambda value: str(escape(self.yes if value else self.no)),
            "labels": self._labels,
        }
        return makers[column.kind]

    def _states(self, macro: str) -> Callable[[Any], str]:
        module = current_app.jinja_env.get_template("ui/states.html").module
        made = getattr(module, macro)
        return lambda value: str(self.page.once(made, value))

    def _labels(self, value: Any) -> str:
        module = current_app.jinja_env.get_template("ui/states.html").module
        chip: Any = module.label_chip  # type: ignore[attr-defined]
        return " ".join(str(self.page.once(chip, text, colour)) for text, colour in value)

    def _bare_code(self, value: Any) -> str:
        return f'<span class="code"><span data-copy-source>{escape(value)}</span></span>'

    def _code(self, value: Any) -> str:
        text, copy = escape(value), escape(self.copy)
        return (
            f'<span class="code"><span data-copy-source>{text}</span>'
            f'<button class="copy needs-js" type="button" data-copy="{text}" '
            f'data-copied="{escape(self.copied)}" title="{copy}">{icon_markup("copy")}'
            f'<span class="sr-only">{copy} {text}</span></button></span>'
        )
