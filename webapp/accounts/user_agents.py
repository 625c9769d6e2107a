"""A browser's name in words, from its `User-Agent`: a hint for people, trusted for nothing."""

from __future__ import annotations

import re

from flask_babel import gettext as _

# The first that fits counts: almost every browser also claims to be Chrome or Safari.
BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"\bOPR/(\d+)"),
    ("Samsung Internet", r"\bSamsungBrowser/(\d+)"),
    ("Vivaldi", r"\bVivaldi/(\d+)"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"\b(?:HeadlessChrome|Chrome|CriOS|Chromium)/(\d+)"),
    ("Safari", r"\bVersion/(\d+)[\d.]* (?:Mobile/\S+ )?Safari/"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


def in_words(user_agent: str) -> str:
    """Such as "Firefox 128 on Windows"."""
    browser, system = _browser(user_agent), _system(user_agent)
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown browser"))


def is_phone(user_agent: str) -> bool:
    return _system(user_agent) in ("iPhone", "iPad", "Android")


def _browser(user_agent: str) -> str:
    for name, pattern in BROWSERS:
        if found := re.search(pattern, user_agent):
            return f"{name} {found[1]}"
    return ""


def _system(user_agent: str) -> str:
    return next((name for name, pattern in SYSTEMS if re.search(pattern, user_agent)), "")
