"""The production server: granian, chosen by measurement (see docs/decisions/server.md)."""

import os
import socket

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

HEADER_SECONDS = 10


class ServerError(Exception):
    """The server cannot start; the message says why."""


def serve(host: str, port: int, workers: int, *, reload: bool) -> None:
    """Serve until stopped. ``workers`` 0 means one a core.

    Raises:
        ServerError: the address cannot be listened on.
    """
    _refuse_taken(host, port)
    server = Server(
        target="api.app:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers or os.cpu_count() or 1,
        # More than one, or a client that reads a large answer slowly would hold up everybody else of its worker.
        blocking_threads=4,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=1024 * 1024),
        respawn_failed_workers=not reload,
        workers_kill_timeout=10,
        log_access=False,
        log_level=LogLevels.warning,
        reload=reload,
    )
    server.serve()


def _refuse_taken(host: str, port: int) -> None:
    """Granian shares a port that another granian listens on, so that a second service would silently get half of the requests."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServerError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port (make serve PORT=8001)"
        ) from error
