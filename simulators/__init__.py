"""The field: devices, mailbox and payment provider that speak to the portal over the wire alone.

Nothing here imports `webapp`; `python -m simulators --help` shows what there is.
"""
