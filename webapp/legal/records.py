"""Texts are the operator's; what a person accepted is proof, and theirs to see."""

from webapp.core.personal import KEEP, not_personal, personal
from webapp.legal.models import Acceptance, LegalIdentity, LegalText

not_personal(
    LegalIdentity,
    "name address email phone certified_mail updated_by",
    why="the company's, published in every foot",
)
not_personal(LegalText, "published_by", why="who published is part of the published text")
personal(
    Acceptance,
    "address via user_id",
    gives="accepted_at address via",
    of=lambda who: Acceptance.user_id == who.id,
    erase=KEEP("proof of a contract, for as long as claims may arise from it"),
)
