"""The HTML that may stand in mails: sanitised by an allow-list, and made into plain text.

What people write is cleaned when it is saved and again when it is filled in, since a value can make a harmless
attribute (`href="[[[LINK]]]"`) a harmful one.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

TAG = re.compile(r"<[^<>]*>")
"""A tag of sanitised HTML, where `<` and `>` occur nowhere else."""

_TAGS = {
    "a", "b", "blockquote", "br", "center", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i",
    "img", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"style", "align", "dir", "lang"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "title"},
    "table": {"width", "cellpadding", "cellspacing", "border", "bgcolor", "role"},
    "tr": {"bgcolor", "valign"},
    "td": {"width", "height", "colspan", "rowspan", "bgcolor", "valign"},
    "th": {"width", "height", "colspan", "rowspan", "bgcolor", "valign", "scope"},
    "ol": {"start", "type"},
    "hr": {"width", "size"},
}
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
    "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
    "color", "direction", "font-family", "font-size", "font-style", "font-weight", "height",
    "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom", "margin-left",
    "margin-right", "margin-top", "max-height", "max-width", "min-width", "padding",
    "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align",
    "text-decoration", "text-transform", "vertical-align", "white-space", "width", "word-break",
}  # fmt: skip
_CLASSES = {tag: {"button", "fine", "big", "code"} for tag in ("a", "p", "span", "div", "td")}
_DROPPED_WITH_CONTENT = {"script", "style", "title", "head", "iframe", "object", "svg", "math"}

_PLACEHOLDER_FIRST = r"\[\[\[[^\[\]]*\]\]\]"
_LINK = re.compile(rf"(?:https?://|mailto:|tel:|{_PLACEHOLDER_FIRST})", re.IGNORECASE)
_IMAGE = re.compile(
    rf"(?:https://|data:image/(?:png|jpeg|gif|webp);base64,|{_PLACEHOLDER_FIRST})", re.IGNORECASE
)


def sanitise(html: str) -> str:
    """Only tags, attributes, styles and addresses that belong in a mail. Sanitising twice changes nothing.

    Links lead to http, https, mailto and tel; images come by https or inside the mail, never by plain http, and
    never as SVG, which can carry script.
    """
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel", "data"},
        allowed_classes=_CLASSES,
        attribute_filter=_allowed_value,
        link_rel=None,
        strip_comments=True,
    )


def left_out(html: str) -> list[str]:
    """What sanitising takes away, for people: `<script>`, `onclick`. Styles and addresses aren't looked at."""
    before, after = _Inventory.of(html), _Inventory.of(sanitise(html))
    return [name for name in before if name not in after]


class _Inventory(HTMLParser):
    """The tags and attributes of a text, each once, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    @classmethod
    def of(cls, html: str) -> list[str]:
        reader = cls()
        reader.feed(html)
        reader.close()
        return list(reader.found)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[f"<{tag}>"] = None
        self.found.update({name: None for name, _value in attrs})


def _allowed_value(tag: str, attribute: str, value: str) -> str | None:
    if tag == "a" and attribute == "href":
        return value if _LINK.match(value.strip()) else None
    if tag == "img" and attribute == "src":
        return value if _IMAGE.match(value.strip()) else None
    return value


_BLOCKS = {
    "blockquote", "center", "div", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "table",
    "tr", "ul",
}  # fmt: skip
_PARAGRAPHS = {"blockquote", "h1", "h2", "h3", "h4", "ol", "p", "pre", "table", "ul"}


def to_text(html: str) -> str:
    """What a reader of plain text gets of sanitised HTML: paragraphs, lists, links with their addresses."""
    reader = _TextMaker()
    reader.feed(html)
    reader.close()
    return reader.text()


class _TextMaker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._lists: list[int | None] = []
        self._link: tuple[str, int] | None = None
        self._verbatim = 0

    def text(self) -> str:
        lines = "".join(self._pieces).replace("\xa0", " ").split("\n")
        joined = "\n".join(line.rstrip() for line in lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip() + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self._break_before(tag)
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "hr":
            self._pieces.append("----\n")
        elif tag in ("ol", "ul"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._pieces.append(self._bullet())
        elif tag == "a":
            self._link = (values.get("href", ""), len(self._pieces))
        elif tag == "img" and values.get("alt"):
            self._pieces.append(values["alt"])
        elif tag == "pre":
            self._verbatim += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        elif tag in ("td", "th"):
            self._pieces.append("  ")
        elif tag == "pre":
            self._verbatim -= 1
        self._break_before(tag)

    def handle_data(self, data: str) -> None:
        if self._verbatim > 0:
            self._pieces.append(data)
            return
        words = re.sub(r"[ \t\r\n\f]+", " ", data)
        if self._at_line_start():
            words = words.lstrip(" ")
        if words:
            self._pieces.append(words)

    def _bullet(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _end_link(self) -> None:
        """`Words: address`, or the address alone where the words are the address."""
        if self._link is None:
            return
        address, start = self._link
        self._link = None
        words = "".join(self._pieces[start:]).strip()
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        if shown and shown != words:
            self._pieces.append(f": {shown}" if words else shown)

    def _break_before(self, tag: str) -> None:
        if tag in _PARAGRAPHS and not (tag in ("ol", "ul") and len(self._lists) > 1):
            self._new_lines(2)
        elif tag in _BLOCKS:
            self._new_lines(1)

    def _new_lines(self, wanted: int) -> None:
        if not self._pieces:
            return
        end = "".join(self._pieces[-3:])
        present = len(end) - len(end.rstrip("\n"))
        self._pieces.append("\n" * max(0, wanted - present))

    def _at_line_start(self) -> bool:
        return not self._pieces or "".join(self._pieces[-2:]).endswith(("\n", " "))
