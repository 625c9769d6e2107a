"""News and a notice of a demonstration, in the seven languages."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.core.db import db
from webapp.operator.models import News, Notice

WELCOME = {
    "en": (
        "Welcome to Outpost",
        "This is a demonstration: its people, devices and mails are made up.",
    ),
    "fr": (
        "Bienvenue sur Outpost",
        "Ceci est une démonstration : personnes, appareils et e-mails sont inventés.",
    ),
    "de": (
        "Willkommen bei Outpost",
        "Dies ist eine Vorführung: Personen, Geräte und E-Mails sind erfunden.",
    ),
    "it": (
        "Benvenuti su Outpost",
        "Questa è una dimostrazione: persone, dispositivi ed e-mail sono inventati.",
    ),
    "es": (
        "Bienvenido a Outpost",
        "Esto es una demostración: personas, dispositivos y correos son inventados.",
    ),
    "pl": ("Witamy w Outpost", "To jest demonstracja: osoby, urządzenia i wiadomości są zmyślone."),
    "sv": (
        "Välkommen till Outpost",
        "Detta är en demonstration: personer, enheter och mejl är påhittade.",
    ),
}
UPGRADE = {
    "en": ("Database upgraded", "Pages were slower for ten minutes. Nothing was lost."),
    "fr": (
        "Base de données mise à niveau",
        "Les pages ont été plus lentes pendant dix minutes. Rien n'a été perdu.",
    ),
    "de": (
        "Datenbank aktualisiert",
        "Die Seiten waren zehn Minuten lang langsamer. Nichts ging verloren.",
    ),
    "it": (
        "Database aggiornato",
        "Per dieci minuti le pagine sono state più lente. Nulla è andato perso.",
    ),
    "es": (
        "Base de datos actualizada",
        "Las páginas fueron más lentas durante diez minutos. No se perdió nada.",
    ),
    "pl": (
        "Baza danych zaktualizowana",
        "Strony działały wolniej przez dziesięć minut. Nic nie zostało utracone.",
    ),
    "sv": ("Databasen uppgraderad", "Sidorna var långsammare i tio minuter. Inget gick förlorat."),
}


def seed(*, now: datetime) -> None:
    """Unless there is any news."""
    if db.session.scalar(select(News.id).limit(1)) is not None:
        return
    title, body = _sides(WELCOME)
    db.session.add(News(trade=None, title=title, body=body, from_at=now - timedelta(hours=1)))
    title, body = _sides(UPGRADE)
    begun = now - timedelta(days=2)
    db.session.add(
        Notice(
            component="database",
            title=title,
            body=body,
            state="resolved",
            begins_at=begun,
            ends_at=begun + timedelta(minutes=10),
        )
    )


def _sides(texts: dict[str, tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    return {k: v[0] for k, v in texts.items()}, {k: v[1] for k, v in texts.items()}
