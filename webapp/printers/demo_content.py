"""The words, colours, pictures and mails of the demonstration's buttons. The pictures are drawn here."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final

from PIL import Image, ImageDraw

from webapp.core.files import Picture, checked_picture
from webapp.mail.compose import Draft
from webapp.printers.content.forms import LOGO_SIZE, PICTURE_SIZE
from webapp.printers.content.services import put_picture
from webapp.printers.letters.services import word_mail
from webapp.printers.models import PanicButton, Receiver

BLUE: Final = "#123f73"
AMBER: Final = "#e8a33d"
PAPER: Final = "#ffffff"
GREY: Final = "#5b6b77"
TEXTS: Final = {
    "title": {
        "fr": "Aide à l'impression, Alliance",
        "en": "Printer help, Alliance",
        "de": "Druckerhilfe, Alliance",
    },
    "who_intro": {
        "fr": "L'équipe du 3e étage répond de 8 à 18 h. En dehors de ces heures : +32 2 555 12 34.",
        "en": "The team on the 3rd floor answers from 8 to 18. Outside these hours: +32 2 555 12 34.",
        "de": "Das Team im 3. Stock antwortet von 8 bis 18 Uhr. Sonst: +32 2 555 12 34.",
    },
    "who_image": {
        "fr": "Une imprimante de bureau",
        "en": "An office printer",
        "de": "Ein Bürodrucker",
    },
    "message_intro": {
        "fr": "Dites-nous dans quel bac, avec quel papier, et si c'est urgent.",
        "en": "Tell us which tray, which paper, and whether it is urgent.",
        "de": "Sagen Sie uns, welches Fach, welches Papier, und ob es eilt.",
    },
    "thanks_image": {
        "fr": "Un technicien se met en route",
        "en": "A technician sets off",
        "de": "Ein Techniker macht sich auf den Weg",
    },
}
COLOURS: Final = {"surface": "#f4f7fb", "accent": BLUE}
THANKS_MAIL: Final = {
    "fr": Draft(
        "Nous arrivons : [[[PRINTERNAME]]]",
        "<p>Bonjour,</p><p>votre demande concernant <strong>[[[PRINTERNAME]]]</strong> "
        "([[[PRINTERLOCALISATION]]]) est entre de bonnes mains : [[[REASONS]]].</p>"
        "<p>Répondez simplement à ce message si la situation change.</p>",
    ),
    "de": Draft(
        "Wir kommen: [[[PRINTERNAME]]]",
        "<p>Guten Tag,</p><p>Ihre Anfrage zu <strong>[[[PRINTERNAME]]]</strong> "
        "([[[PRINTERLOCALISATION]]]) ist in guten Händen: [[[REASONS]]].</p>"
        "<p>Antworten Sie einfach auf diese Nachricht, wenn sich etwas ändert.</p>",
    ),
}
TECHNICIANS_MAIL: Final = Draft(
    "[[[PRINTERLOCALISATION]]] : [[[REASONS]]] ([[[SERIAL]]], [[[MODEL]]])",
    "<p><strong>[[[ENDUSEREMAIL]]]</strong> demande de l'aide à <strong>[[[PRINTERNAME]]]</strong>.</p>"
    "<p>[[[ENDUSERMESSAGE]]]</p>"
    "<p>Pannes : [[[OID1]]] / [[[OID2]]]<br>Pages : [[[COUNTERTOTAL]]], dont [[[COUNTERCOLOR]]] en couleur<br>"
    "Adresse : [[[IP]]]</p>",
)


def word(button: PanicButton, now: datetime) -> None:
    """Give a button content of its own, as an administrator would."""
    button.texts = {key: dict(words) for key, words in TEXTS.items()}
    button.colours = dict(COLOURS)
    button.from_email, button.from_name = "support@acme.test", "Support Alliance"
    for place, picture in (
        ("logo", logo()),
        ("who", printer_picture()),
        ("thanks", technician_picture()),
    ):
        put_picture(button, place, picture, language=None, now=now)
    for language, draft in THANKS_MAIL.items():
        word_mail(button, Receiver.END_USER, language, draft, seen=0)
    word_mail(button, Receiver.TECHNICIANS, button.language, TECHNICIANS_MAIL, seen=0)


def logo() -> Picture:
    """Three storeys and a roof, white on nothing."""
    picture, pen = _sheet((512, 128))
    for n in range(3):
        pen.rectangle((20 + n * 44, 104 - n * 32, 56 + n * 44, 112), fill=PAPER)
    pen.polygon([(150, 24), (196, 4), (242, 24)], fill=AMBER)
    pen.rectangle((160, 30, 232, 112), fill=PAPER)
    for n in range(6):
        left, top = 172 + (n % 2) * 30, 42 + (n // 2) * 22
        pen.rectangle((left, top, left + 16, top + 12), fill=BLUE)
    return _finished(picture.crop((0, 0, 256, 128)), LOGO_SIZE)


def printer_picture() -> Picture:
    picture, pen = _sheet((900, 1200))
    _floor(pen)
    pen.rounded_rectangle((150, 420, 750, 1010), 40, fill="#dfe7ee", outline=GREY, width=8)
    pen.rounded_rectangle((210, 300, 690, 440), 24, fill=BLUE)
    pen.rounded_rectangle((450, 470, 700, 600), 16, fill="#0c2a4d")
    pen.ellipse((535, 495, 615, 575), fill="#d02c2c", outline=PAPER, width=8)
    for top in (680, 790, 900):
        pen.rounded_rectangle((200, top, 700, top + 84), 14, fill=PAPER, outline=GREY, width=6)
        pen.rectangle((410, top + 36, 490, top + 48), fill=GREY)
    pen.polygon([(230, 300), (250, 120), (520, 120), (540, 300)], fill=PAPER, outline=GREY, width=6)
    for top in (165, 205, 245):
        pen.line((280, top, 480, top), fill="#c3ced8", width=10)
    return _finished(picture, PICTURE_SIZE)


def technician_picture() -> Picture:
    picture, pen = _sheet((900, 1200))
    _floor(pen)
    pen.ellipse((350, 150, 550, 350), fill="#f0c9a4")
    pen.pieslice((330, 110, 570, 350), 180, 360, fill=AMBER)
    pen.rectangle((310, 222, 590, 246), fill=AMBER)
    pen.rounded_rectangle((290, 370, 610, 740), 60, fill=BLUE)
    pen.line((320, 430, 190, 640), fill=BLUE, width=80)
    pen.line((580, 430, 700, 600), fill=BLUE, width=80)
    pen.line((390, 740, 330, 1060), fill="#33414d", width=96)
    pen.line((510, 740, 580, 1060), fill="#33414d", width=96)
    pen.rounded_rectangle((620, 600, 850, 780), 20, fill="#b3382c")
    pen.arc((680, 540, 790, 660), 180, 360, fill="#7c251c", width=18)
    return _finished(picture, PICTURE_SIZE)


def _sheet(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGBA", size, "#ffffff00")
    return picture, ImageDraw.Draw(picture)


def _floor(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((60, 980, 840, 1140), fill="#cfdae4")


def _finished(picture: Image.Image, size: tuple[int, int]) -> Picture:
    """As an upload goes through the same check."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return checked_picture(out.getvalue(), field="picture", size=size)
