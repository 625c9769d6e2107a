"""The site agent (B-12): reads printers in a customer's network and sends what they say to the portal, by HTTPS alone.

Runs without Flask and without a database. It imports the reading of printers (`webapp.printers.snmp`), httpx, and the
standard library. Guide: docs/guides/printers.md; wire: docs/protocols/printers.md.
"""

NAME = "outpost-agent"
VERSION = "1.0"
