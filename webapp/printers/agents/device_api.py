"""What site agents speak to: docs/protocols/printers.md."""

from __future__ import annotations

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.endpoints import Description, endpoint
from webapp.core.throttle import Limit, take
from webapp.devices.access import Bearer, current_credential
from webapp.devices.messages import speaks_by, speaks_for
from webapp.printers.agents.intake import take_in
from webapp.printers.agents.messages import Batch, Enrolled, Enrolment, Taken, Wanted
from webapp.printers.agents.services import AGENT, SETUP, agent_of, enrol, heard, wanted_of
from webapp.printers.device_api import LAUNCHES, answer_launch, bp
from webapp.printers.launches import launch_printer
from webapp.printers.messages import Launch, Launched

BATCHES = Limit("printer-readings", tries=240, window_seconds=60)
LARGEST = 8 * 1024 * 1024

ENROL = Description(
    summary="A new site agent shows its enrolment token once and gets its own credential.",
    body=Enrolment,
    answers={201: Enrolled},
    problems={409: "token_used", 410: "token_expired"},
    security="setup",
)
CONFIGURATION = Description(
    summary="What the portal wants of this site agent: rates, and what it must leave alone.",
    answers={200: Wanted},
    security="device",
    conditional=True,
)
READINGS = Description(
    summary="Readings of printers, each once however often it is sent; without any, a sign of life.",
    body=Batch,
    answers={200: Taken},
    problems={429: "too_many"},
    security="device",
    max_bytes=LARGEST,
    gzip=True,
)
LAUNCH = Description(
    summary="The panic button of a printer without an app was pressed at its site agent.",
    body=Launch,
    answers={201: Launched},
    problems={409: "device_replaced", 429: "too_many"},
    security="device",
    max_bytes=512 * 1024,
)


@bp.post("/printers/agents")
@allow(Bearer(SETUP))
@endpoint(ENROL)
def enrol_agent(message: Enrolment) -> tuple[Enrolled, int]:
    return enrol(message, current_credential(), now=utcnow()), 201


@bp.get("/printers/agent/configuration")
@allow(Bearer(AGENT))
@endpoint(CONFIGURATION)
def agent_configuration() -> Wanted:
    agent = agent_of(current_credential())
    heard(agent, now=utcnow())
    return wanted_of(agent)


@bp.post("/printers/readings")
@allow(Bearer(AGENT))
@endpoint(READINGS)
def take_readings(message: Batch) -> Taken:
    credential = current_credential()
    take(BATCHES, credential.id)
    agent = agent_of(credential)
    speaks_by(message.app.name, message.app.version)
    speaks_for(agent.id)
    return take_in(message, agent, now=utcnow())


@bp.post("/printers/agent/launch")
@allow(Bearer(AGENT))
@endpoint(LAUNCH)
def agent_launch(message: Launch) -> tuple[Launched, int]:
    credential = current_credential()
    take(LAUNCHES, credential.id)
    opened = launch_printer(message, credential, now=utcnow())
    return answer_launch(opened), 201
