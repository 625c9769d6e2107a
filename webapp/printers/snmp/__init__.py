"""What printers say over SNMP: raw readings, their decoding by maker profiles, and the live collector.

`raw` is the stored form, `decode` turns it into fields without asking the printer again, `collect`
asks a printer. Nothing here knows Flask, the database or the rest of the portal.
"""
