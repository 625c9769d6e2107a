"""What stops the launcher with an answer that its user can act on."""


class LauncherError(Exception):
    """The message says what is wrong and what to do."""


class Interrupted(Exception):
    """SIGTERM, SIGINT or `stop` came while something was being waited for."""
