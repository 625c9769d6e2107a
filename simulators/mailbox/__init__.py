"""An SMTP server that keeps what arrives, shows it on a web page, and misbehaves on demand.

with Mailbox(smtp_port=0, web_port=0) as box:
    box.smtp_port, box.web_url, box.messages(to="anna@"), box.behave(mode="temporary")
"""

from simulators.mailbox.box import Mailbox
from simulators.mailbox.mails import Mail

__all__ = ["Mail", "Mailbox"]
