"""The mail server and the drain of the mail tests."""

from tests.mail.conftest import _mailbox, box, post

__all__ = ["_mailbox", "box", "post"]
