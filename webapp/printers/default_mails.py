"""The button's two mails as they are until an administrator words them anew: subject and HTML, by language."""

from __future__ import annotations

from typing import Final

from webapp.printers.models import Receiver

LABELS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "reasons": "Reasons",
        "message": "Message",
        "from": "From",
        "phone": "Phone",
        "printer": "Printer",
        "location": "Location",
        "serial": "Serial number",
        "model": "Model",
        "ip": "Network address",
        "total": "Pages in total",
        "black": "Pages black",
        "colour": "Pages colour",
        "large": "Pages A3",
        "fault": "Fault {n}",
    },
    "fr": {
        "reasons": "Raisons",
        "message": "Message",
        "from": "De",
        "phone": "Téléphone",
        "printer": "Imprimante",
        "location": "Emplacement",
        "serial": "Numéro de série",
        "model": "Modèle",
        "ip": "Adresse réseau",
        "total": "Pages au total",
        "black": "Pages noir et blanc",
        "colour": "Pages couleur",
        "large": "Pages A3",
        "fault": "Panne {n}",
    },
    "de": {
        "reasons": "Gründe",
        "message": "Nachricht",
        "from": "Von",
        "phone": "Telefon",
        "printer": "Drucker",
        "location": "Standort",
        "serial": "Seriennummer",
        "model": "Modell",
        "ip": "Netzwerkadresse",
        "total": "Seiten gesamt",
        "black": "Seiten schwarz",
        "colour": "Seiten Farbe",
        "large": "Seiten A3",
        "fault": "Störung {n}",
    },
    "it": {
        "reasons": "Motivi",
        "message": "Messaggio",
        "from": "Da",
        "phone": "Telefono",
        "printer": "Stampante",
        "location": "Posizione",
        "serial": "Numero di serie",
        "model": "Modello",
        "ip": "Indirizzo di rete",
        "total": "Pagine totali",
        "black": "Pagine nero",
        "colour": "Pagine colore",
        "large": "Pagine A3",
        "fault": "Guasto {n}",
    },
    "es": {
        "reasons": "Motivos",
        "message": "Mensaje",
        "from": "De",
        "phone": "Teléfono",
        "printer": "Impresora",
        "location": "Ubicación",
        "serial": "Número de serie",
        "model": "Modelo",
        "ip": "Dirección de red",
        "total": "Páginas en total",
        "black": "Páginas en negro",
        "colour": "Páginas en color",
        "large": "Páginas A3",
        "fault": "Avería {n}",
    },
    "pl": {
        "reasons": "Powody",
        "message": "Wiadomość",
        "from": "Od",
        "phone": "Telefon",
        "printer": "Drukarka",
        "location": "Lokalizacja",
        "serial": "Numer seryjny",
        "model": "Model",
        "ip": "Adres sieciowy",
        "total": "Stron łącznie",
        "black": "Strony czarne",
        "colour": "Strony kolorowe",
        "large": "Strony A3",
        "fault": "Usterka {n}",
    },
    "sv": {
        "reasons": "Orsaker",
        "message": "Meddelande",
        "from": "Från",
        "phone": "Telefon",
        "printer": "Skrivare",
        "location": "Plats",
        "serial": "Serienummer",
        "model": "Modell",
        "ip": "Nätverksadress",
        "total": "Sidor totalt",
        "black": "Sidor svartvitt",
        "colour": "Sidor färg",
        "large": "Sidor A3",
        "fault": "Fel {n}",
    },
}

TECHNICIANS_SUBJECT: Final = {
    "en": "Help needed: [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
    "fr": "Demande d'aide : [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
    "de": "Hilfe gerufen: [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
    "it": "Richiesta di aiuto: [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
    "es": "Piden ayuda: [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
    "pl": "Prośba o pomoc: [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
    "sv": "Hjälp behövs: [[[PRINTERLOCALISATION]]], [[[SERIAL]]], [[[MODEL]]]",
}
TECHNICIANS_INTRO: Final = {
    "en": "Somebody pressed the button at a printer.",
    "fr": "Quelqu'un a appuyé sur le bouton d'une imprimante.",
    "de": "Jemand hat an einem Drucker den Knopf gedrückt.",
    "it": "Qualcuno ha premuto il pulsante di una stampante.",
    "es": "Alguien ha pulsado el botón de una impresora.",
    "pl": "Ktoś nacisnął przycisk przy drukarce.",
    "sv": "Någon har tryckt på knappen vid en skrivare.",
}
USER_SUBJECT: Final = {
    "en": "We have your request: [[[PRINTERNAME]]]",
    "fr": "Votre demande est arrivée : [[[PRINTERNAME]]]",
    "de": "Ihre Anfrage ist da: [[[PRINTERNAME]]]",
    "it": "Abbiamo la Sua richiesta: [[[PRINTERNAME]]]",
    "es": "Tenemos su solicitud: [[[PRINTERNAME]]]",
    "pl": "Mamy Twoje zgłoszenie: [[[PRINTERNAME]]]",
    "sv": "Vi har fått ditt ärende: [[[PRINTERNAME]]]",
}
USER_INTRO: Final = {
    "en": "<p>Hello,</p><p>thank you, your call for help has arrived and the technicians know about it.</p>",
    "fr": "<p>Bonjour,</p><p>merci, votre appel à l'aide est arrivé et les techniciens en sont informés.</p>",
    "de": "<p>Guten Tag,</p><p>danke, Ihr Hilferuf ist angekommen, und die Techniker wissen Bescheid.</p>",
    "it": "<p>Buongiorno,</p><p>grazie, la Sua richiesta di aiuto è arrivata e i tecnici ne sono informati.</p>",
    "es": "<p>Hola:</p><p>gracias, su petición de ayuda ha llegado y los técnicos están avisados.</p>",
    "pl": "<p>Dzień dobry,</p><p>dziękujemy, Twoja prośba o pomoc dotarła i technicy już o niej wiedzą.</p>",
    "sv": "<p>Hej!</p><p>Tack, din begäran om hjälp har kommit fram och teknikerna vet om den.</p>",
}
USER_CLOSE: Final = {
    "en": "You don't have to do anything else.",
    "fr": "Vous n'avez rien d'autre à faire.",
    "de": "Sie müssen nichts weiter tun.",
    "it": "Non deve fare altro.",
    "es": "No tiene que hacer nada más.",
    "pl": "Nie musisz robić nic więcej.",
    "sv": "Du behöver inte göra något mer.",
}

_TECHNICIANS_ROWS: Final = (
    ("reasons", "REASONS"),
    ("message", "ENDUSERMESSAGE"),
    ("from", "ENDUSEREMAIL"),
    ("phone", "TEL"),
    ("printer", "PRINTERNAME"),
    ("location", "PRINTERLOCALISATION"),
    ("model", "MODEL"),
    ("serial", "SERIAL"),
    ("ip", "IP"),
    ("fault 1", "OID1"),
    ("fault 2", "OID2"),
    ("fault 3", "OID3"),
    ("fault 4", "OID4"),
    ("total", "COUNTERTOTAL"),
    ("black", "COUNTERBLACK"),
    ("colour", "COUNTERCOLOR"),
    ("large", "COUNTERLARGE"),
)
_USER_ROWS: Final = (
    ("printer", "PRINTERNAME"),
    ("location", "PRINTERLOCALISATION"),
    ("reasons", "REASONS"),
    ("message", "ENDUSERMESSAGE"),
)


def default_mail(receiver: Receiver, language: str) -> tuple[str, str]:
    """Subject and HTML, with placeholders."""
    if receiver is Receiver.TECHNICIANS:
        table = _table(_TECHNICIANS_ROWS, language)
        return TECHNICIANS_SUBJECT[language], f"<p>{TECHNICIANS_INTRO[language]}</p>{table}"
    table = _table(_USER_ROWS, language)
    html = f"{USER_INTRO[language]}{table}<p>{USER_CLOSE[language]}</p>"
    return USER_SUBJECT[language], html


def _table(rows: tuple[tuple[str, str], ...], language: str) -> str:
    cells = "".join(
        f'<tr><th align="left" valign="top" scope="row">{_label(key, language)}</th>'
        f'<td valign="top">[[[{name}]]]</td></tr>'
        for key, name in rows
    )
    return f'<table cellpadding="4">{cells}</table>'


def _label(key: str, language: str) -> str:
    name, _, number = key.partition(" ")
    return LABELS[language][name].replace("{n}", number)
