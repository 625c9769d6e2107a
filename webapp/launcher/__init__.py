"""Starts and watches all processes of a local portal; imports nothing of the rest of `webapp`.

`python -m webapp.launcher demo|dev|services|status|restart NAME|stop`
"""
