"""What the frame of a mail says, in the language of its recipient (who is not the one who looks at the portal)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    support: str
    answers_unread: str
    answers_read: str
    link: str
    unsubscribe: str
    trial: str
    """Stands before the subject of a test mail."""
    trial_note: str


WORDS = {
    "en": Words(
        support="Questions? We are glad to help:",
        answers_unread="This mail was sent automatically; replies to it are not read.",
        answers_read="You can simply reply to this mail.",
        link="If the button does not work, copy this address into your browser:",
        unsubscribe="Choose which mails you receive",
        trial="Test",
        trial_note="This is a test mail with sample data. There is nothing to do.",
    ),
    "fr": Words(
        support="Des questions ? Nous vous aidons volontiers :",
        answers_unread="Ce message a été envoyé automatiquement ; les réponses ne sont pas lues.",
        answers_read="Vous pouvez répondre directement à ce message.",
        link="Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :",
        unsubscribe="Choisir les messages que vous recevez",
        trial="Test",
        trial_note="Ceci est un message de test avec des données fictives. Vous n’avez rien à faire.",
    ),
    "de": Words(
        support="Fragen? Wir helfen gern:",
        answers_unread="Diese Nachricht wurde automatisch verschickt; Antworten werden nicht gelesen.",
        answers_read="Sie können auf diese Nachricht einfach antworten.",
        link="Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:",
        unsubscribe="Auswählen, welche Nachrichten Sie erhalten",
        trial="Test",
        trial_note="Dies ist eine Testnachricht mit Beispieldaten. Es ist nichts zu tun.",
    ),
    "it": Words(
        support="Domande? Siamo lieti di aiutarla:",
        answers_unread="Questo messaggio è stato inviato automaticamente; le risposte non vengono lette.",
        answers_read="Può rispondere direttamente a questo messaggio.",
        link="Se il pulsante non funziona, copi questo indirizzo nel browser:",
        unsubscribe="Scegliere quali messaggi ricevere",
        trial="Prova",
        trial_note="Questo è un messaggio di prova con dati di esempio. Non è richiesta alcuna azione.",
    ),
    "es": Words(
        support="¿Tiene preguntas? Le ayudamos con gusto:",
        answers_unread="Este mensaje se ha enviado automáticamente; las respuestas no se leen.",
        answers_read="Puede responder directamente a este mensaje.",
        link="Si el botón no funciona, copie esta dirección en su navegador:",
        unsubscribe="Elegir qué mensajes recibe",
        trial="Prueba",
        trial_note="Este es un mensaje de prueba con datos de ejemplo. No tiene que hacer nada.",
    ),
    "pl": Words(
        support="Pytania? Chętnie pomożemy:",
        answers_unread="Ta wiadomość została wysłana automatycznie; odpowiedzi nie są czytane.",
        answers_read="Można po prostu odpowiedzieć na tę wiadomość.",
        link="Jeśli przycisk nie działa, proszę skopiować ten adres do przeglądarki:",
        unsubscribe="Wybierz, które wiadomości chcesz otrzymywać",
        trial="Test",
        trial_note="To jest wiadomość testowa z przykładowymi danymi. Nie trzeba nic robić.",
    ),
    "sv": Words(
        support="Frågor? Vi hjälper gärna till:",
        answers_unread="Det här mejlet skickades automatiskt; svar på det läses inte.",
        answers_read="Du kan svara direkt på det här mejlet.",
        link="Om knappen inte fungerar kan du kopiera den här adressen till webbläsaren:",
        unsubscribe="Välj vilka mejl du får",
        trial="Test",
        trial_note="Det här är ett testmejl med exempeldata. Du behöver inte göra något.",
    ),
}


def words_for(language: str) -> Words:
    return WORDS.get(language, WORDS["en"])
