import smtplib
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mailbox import Mailbox
from simulators.mailbox.store import Store
from simulators.mailbox.web import linked
from tests.simulators.test_mailbox import mail, send

pytestmark = pytest.mark.feature("S-7")

HOSTILE = """<html><head><title>x</title></head><body onload="alert(1)">
<script>top.location = "https://evil.example"</script>
<img src="https://evil.example/pixel.png"><img src="cid:logo">
<form action="/clear" method="post"><button>Win</button></form><a href="https://portal.example/">Open</a>
</body></html>"""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as box:
        yield box


@pytest.fixture
def box(mailbox: Mailbox) -> Mailbox:
    mailbox.clear()
    mailbox.behave()
    return mailbox


@pytest.fixture
def web(box: Mailbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.web_url) as client:
        yield client


def hostile() -> EmailMessage:
    message = mail("<script>alert(1)</script>", text="See https://portal.example/x?a=1&b=2. <b>")
    message.add_alternative(HOSTILE, subtype="html")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(b"\x89PNG", "image", "png", cid="<logo>")  # type: ignore[union-attr]
    message.add_attachment(b"<script>", "text", "html", filename='../"evil".html')
    return message


def test_the_list_shows_the_newest_first_and_searches(web: httpx.Client, box: Mailbox) -> None:
    assert "Nothing has arrived yet" in web.get("/").text
    send(box, mail("First one"), mail("Second one", text="with a tank"))
    page = web.get("/").text
    assert page.index("Second one") < page.index("First one")
    assert "First one" not in web.get("/", params={"q": "tank"}).text
    assert "No mail holds" in web.get("/", params={"q": "zzz"}).text


def test_a_long_list_has_pages(web: httpx.Client, box: Mailbox) -> None:
    send(box, *(mail(f"Mail {number:03}") for number in range(101)))
    assert "Mail 000" not in web.get("/").text
    assert "Mail 000" in web.get("/", params={"page": 2}).text
    assert web.get("/", params={"page": "x"}).status_code == 200


def test_a_mail_is_shown_as_text_headers_and_source(web: httpx.Client, box: Mailbox) -> None:
    send(box, hostile())
    at = f"/messages/{box.messages()[0].id}"
    assert f'src="{at}/html"' in web.get(at).text
    text = web.get(at, params={"view": "text"}).text
    assert 'href="https://portal.example/x?a=1&amp;b=2"' in text
    assert "&lt;b&gt;" in text
    assert "multipart/mixed" in web.get(at, params={"view": "headers"}).text
    assert "Content-ID" in web.get(at, params={"view": "source"}).text
    assert web.get(f"{at}/source.eml").content == box.messages()[0].source


def test_a_hostile_mail_stays_in_its_sandbox(web: httpx.Client, box: Mailbox) -> None:
    send(box, hostile())
    at = f"/messages/{box.messages()[0].id}"
    frame = web.get(f"{at}/html")
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox;")
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    assert "allow-scripts" not in policy
    assert "allow-forms" not in policy
    assert 'src="data:image/png;base64,' in frame.text
    page = web.get(at)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "<script>alert" not in page.text
    assert "<script>alert" not in web.get("/").text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_an_attachment_is_only_ever_downloaded(web: httpx.Client, box: Mailbox) -> None:
    send(box, hostile())
    mail_id = box.messages()[0].id
    at = f"/messages/{mail_id}/attachments"
    parts = web.get(f"/api/messages/{mail_id}").json()["attachments"]
    evil = [part["name"] for part in parts].index('../"evil".html')
    file = web.get(f"{at}/{evil}")
    assert file.content.strip() == b"<script>"
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"] == 'attachment; filename=".._evil_.html"'
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert web.get(f"{at}/99").status_code == 404


def test_an_unknown_mail_is_not_found(web: httpx.Client) -> None:
    for path in ("/messages/1", "/messages/1/html", "/messages/1/source.eml"):
        assert web.get(path).status_code == 404
    assert web.get("/api/messages/1").json() == {"error": "there is no such mail"}


def test_the_api_lists_counts_and_removes(web: httpx.Client, box: Mailbox) -> None:
    send(box, mail("One"), mail("Two"), mail("Other", to="eve@globex.example"))
    listed = web.get("/api/messages", params={"to": "anna@", "subject": "o"}).json()
    assert [found["subject"] for found in listed["messages"]] == ["One", "Two"]
    later = web.get(
        "/api/messages", params={"after": listed["messages"][0]["id"], "limit": 1}
    ).json()
    assert (later["count"], len(later["messages"])) == (2, 1)
    one = web.get(f"/api/messages/{listed['messages'][0]['id']}").json()
    assert (one["text"], one["html"], one["to"]) == ("Hi\n", None, ["anna@acme.example"])
    count = web.get("/api/count").json()
    assert (count["count"], count["newest"]) == (3, box.messages()[-1].id)
    assert web.delete("/api/messages").json() == {"removed": 3}
    assert web.get("/api/count").json()["count"] == 0


def test_the_api_waits_for_a_mail(web: httpx.Client, box: Mailbox) -> None:
    threading.Timer(0.2, send, [box]).start()
    began = time.monotonic()
    waited = web.get("/api/messages", params={"to": "anna@", "wait": 5})
    assert waited.json()["count"] == 1
    assert time.monotonic() - began < 3


def test_the_behaviour_is_set_through_the_api(web: httpx.Client, box: Mailbox) -> None:
    wanted = {"mode": "temporary", "seconds": 0, "count": 1, "to": "*@acme.example"}
    assert web.put("/api/behaviour", json=wanted).json() == wanted | {"stage": "rcpt"}
    assert web.get("/api/behaviour").json()["mode"] == "temporary"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(box)
    assert web.get("/api/behaviour").json()["mode"] == "accept"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"mode": 5}', b'{"mode": "slow", "seconds": "1"}']
)
def test_a_bad_behaviour_is_refused_with_the_reason(web: httpx.Client, body: bytes) -> None:
    refused = web.put("/api/behaviour", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    assert refused.json()["error"]


def test_the_behaviour_is_set_by_the_form(web: httpx.Client, box: Mailbox) -> None:
    form = {"mode": "slow", "stage": "", "seconds": "0.5", "count": "2", "to": ""}
    assert web.post("/behaviour", data=form).headers["Location"] == "/#behaviour"
    assert box.conduct.now.as_json() == {
        "mode": "slow",
        "stage": "data",
        "seconds": 0.5,
        "count": 2,
        "to": None,
    }
    refused = web.post("/behaviour", data=form | {"seconds": "soon"})
    assert refused.status_code == 422
    assert "seconds and count are numbers" in refused.text
    assert box.conduct.now.seconds == 0.5


def test_all_mails_are_removed_by_the_form(web: httpx.Client, box: Mailbox) -> None:
    send(box)
    assert web.post("/clear").status_code == 302
    assert box.messages() == []


def test_other_sites_can_neither_read_nor_act(web: httpx.Client, box: Mailbox) -> None:
    send(box)
    assert web.get("/", headers={"Host": "evil.example"}).status_code == 421
    for site in ("cross-site", "same-site"):
        forged = web.post("/clear", headers={"Sec-Fetch-Site": site})
        assert forged.status_code == 403
    assert len(box.messages()) == 1
    assert web.get("/", headers={"Host": f"localhost:{box.web_port}"}).status_code == 200


def test_only_web_addresses_become_links() -> None:
    assert linked("javascript:alert(1) <a> http://x.example/a, y") == (
        'javascript:alert(1) &lt;a&gt; <a href="http://x.example/a" target="_blank"'
        ' rel="noopener noreferrer">http://x.example/a</a>, y'
    )


@pytest.mark.feature("Q-14")
@given(st.binary(max_size=400))
def test_whatever_a_mail_holds_looking_at_it_works(source: bytes) -> None:
    look(source)


@pytest.mark.feature("Q-14")
@given(
    st.sampled_from(
        [
            "Subject",
            "Content-Type",
            "Content-Transfer-Encoding",
            "Content-Disposition",
            "Content-ID",
        ]
    ),
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [
                "=?utf-8?b?!!!?=",
                "=?none?q?x?=",
                "text/html; charset=none",
                'text/html; charset="x\0"',
                "multipart/mixed; boundary=x",
                "multipart/mixed",
                "base64",
                "uuencode",
                "message/rfc822",
                "attachment; filename*=none'x'%ff",
                "text/plain; charset=idna",
                "text/plain; charset=base64",
            ]
        ),
    ),
)
def test_a_mail_with_a_broken_header_can_be_looked_at(name: str, value: str) -> None:
    look(f"{name}: {value}\r\n\r\n--x\r\n\r\nhello =XX\r\n--x--\r\n".encode("utf-8", "replace"))


def look(source: bytes) -> None:
    kept = Store().add("a@b.example", ["c@d.example"], source)
    assert kept.detail()["size"] == len(source)
    kept.html_with_images()
