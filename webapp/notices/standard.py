"""The kinds of the common half. A trade registers its own in its own package."""

from flask_babel import lazy_gettext as _

from webapp.notices.kinds import Kind, register

# By mail it goes anyway, with its own text: the person waits for an answer.
RIGHT_ASKED = register(Kind("right_asked", _("Somebody asks for a permission")))
