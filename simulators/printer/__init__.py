"""A printer: an SNMP agent on a recording or a living model, and the panic button app."""

from simulators.printer.agent import Agent, Manners
from simulators.printer.client import Target
from simulators.printer.faults import FaultKind
from simulators.printer.machines import PrinterMachine
from simulators.printer.mischief import Mischief
from simulators.printer.models import load_model, model_names
from simulators.printer.panic import PanicApp, RefusedError, UnreachableError
from simulators.printer.usm import User
from simulators.printer.usm_keys import Auth, Extension, Privacy

__all__ = [
    "Agent",
    "Auth",
    "Extension",
    "FaultKind",
    "Manners",
    "Mischief",
    "PanicApp",
    "PrinterMachine",
    "Privacy",
    "RefusedError",
    "Target",
    "UnreachableError",
    "User",
    "load_model",
    "model_names",
]
