"""What the servers that tests start have in common: a port of their own, and a sentence where one cannot be had.

Not here: the servers themselves (lakes, stores).
"""

from __future__ import annotations

import socket


class NotInstalledError(Exception):
    """A server that is not installed; the message is a sentence that says how to."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
