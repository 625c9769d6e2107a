"""API tokens."""

from sqlalchemy import func

from webapp.api.models import Token
from webapp.core.exports import export
from webapp.core.personal import not_personal, personal

export(
    Token,
    "id public_id name permissions expires_on created_at created_by_id created_by last_used_at "
    "last_used_address revoked_at",
    about="API tokens; never the tokens themselves.",
    withheld="secret_digest",
)

not_personal(Token, "name sort_name", why="the token's name")
personal(
    Token,
    "created_by last_used_address",
    gives="name permissions created_at last_used_at last_used_address",
    of=lambda who: Token.created_by_id == who.id,
    erase={
        "created_by": lambda who: who.pseudonym,
        "last_used_address": None,
        "revoked_at": func.coalesce(Token.revoked_at, func.now()),
    },
)
