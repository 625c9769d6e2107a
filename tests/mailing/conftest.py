"""The mail server and the drain of the mail tests, and a desk with templates."""

import pytest

from tests.cast import Person
from tests.mail.conftest import _mailbox, box, post
from tests.mailing.desk import Desk

__all__ = ["_mailbox", "box", "post"]


@pytest.fixture
def desk(admin: Person) -> Desk:
    return Desk(admin)
