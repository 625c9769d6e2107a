"""Tills: the shop owner looks into the till from anywhere.

The portal is a window, not a copy: no article, price, sale or report is kept. So far the trade has its mail, which
organisations can adapt.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.tills import mail_types  # noqa: F401 - they register themselves
