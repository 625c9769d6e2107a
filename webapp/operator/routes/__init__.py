"""The pages; importing them registers them."""

from webapp.operator.routes import (
    budgets,
    documents,
    mails,
    news,
    notices,
    overview,
    seeing,
    templates,
    work,
)
from webapp.operator.routes.blueprint import bp

__all__ = [
    "bp",
    "budgets",
    "documents",
    "mails",
    "news",
    "notices",
    "overview",
    "seeing",
    "templates",
    "work",
]
