"""Notifications: each person's own."""

from webapp.core.exports import keep_back
from webapp.core.personal import DELETE, not_personal, personal
from webapp.notices.models import Notification, NotificationChoice

keep_back(Notification, why="each person's own: they get theirs under My account, Data")

personal(
    Notification,
    "title detail",
    gives="created_at kind title detail read_at",
    of=lambda who: Notification.user_id == who.id,
    erase=DELETE,
)
not_personal(NotificationChoice, "by_mail", why="a choice, not an address")
personal(
    NotificationChoice,
    "user_id",
    gives="kind shown by_mail",
    of=lambda who: NotificationChoice.user_id == who.id,
    erase=DELETE,
)
