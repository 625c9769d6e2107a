"""Fuel sites: yards with tanks and dispensers.

A site's PC runs the site client; drivers and vehicles identify themselves at the dispenser by an iButton. The cloud
brings the sites of one customer together: drivers and vehicles are shared, all else belongs to one site. So far the
trade has its mails, which organisations can adapt.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.fuel import mail_types  # noqa: F401 - they register themselves
