"""A printer: an SNMP agent on a recording or a living model, and the panic button app."""

from simulators.printer.agent import Agent, Manners
from simulators.printer.client import Target
from simulators.printer.faults import FaultKind
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model, model_names
from simulators.printer.panic import PanicApp, RefusedError, UnreachableError

__all__ = [
    "Agent",
    "FaultKind",
    "Manners",
    "PanicApp",
    "PrinterMachine",
    "RefusedError",
    "Target",
    "UnreachableError",
    "load_model",
    "model_names",
]
