"""The production server: granian, chosen by measurement (see docs/decisions/server.md). `api.lanes` says which thread answers what."""

import errno
import gc
import logging
import multiprocessing
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import mp
from granian.server.mp import MPServer

from api.app import create_app
from api.lanes import HURRIED, TakesLong

HEADER_SECONDS = 10
STARTING_SECONDS = 0.5  # many times what a forked worker takes to start
THREADS = 4  # of a worker, for what takes long
Runner = Callable[[Any, dict[str, Any]], Any]
log = logging.getLogger("positions")


class ServerError(Exception):
    """The server cannot start; the message says why."""


def serve(host: str, port: int, workers: int, *, reload: bool) -> None:
    """Serve until stopped. ``workers`` 0 means one a core.

    Raises:
        ServerError: the address cannot be listened on.
    """
    refuse_taken(host, port)
    # Forked workers share the memory of one application. They would also keep the code that was imported before the fork, so with
    # ``reload`` each worker is a new process.
    multiprocessing.set_start_method("spawn" if reload else "fork", force=True)
    server = _Server(
        target="api.app:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers or os.cpu_count() or 1,
        blocking_threads=1,  # and others for what takes long: see `in_lanes`
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=1024 * 1024),
        respawn_failed_workers=not reload,
        reload_ignore_worker_failure=True,  # the next change may mend it
        workers_kill_timeout=10,
        log_access=False,
        log_level=LogLevels.warning,
        reload=reload,
    )
    if reload:
        server.serve()
        return
    app = create_app()
    # Permanent objects are then neither scanned by every garbage collection nor copied to each worker by it.
    gc.freeze()
    server.serve(target_loader=lambda: app, wrap_loader=False)


class _Server(MPServer):
    """Granian's server, with answers in lanes, and ended without losing a worker.

    Granian tells each worker once to end. One that was forked a moment ago still has the signal handlers of its parent, misses that,
    and would be killed only after ``workers_kill_timeout``: so each worker is given `STARTING_SECONDS` first.
    """

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        self.main_loop_interrupt = Wake()  # type: ignore[assignment]
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]

    @staticmethod
    def _spawn_wsgi_worker(*given: Any) -> None:
        # This runs in the worker. Granian has no setting for what calls the application.
        mp._wsgi_call_wrap = in_lanes(mp._wsgi_call_wrap)  # type: ignore[attr-defined]
        MPServer._spawn_wsgi_worker(*given)

    def shutdown(self, exit_code: int = 0) -> None:
        newest = max((worker.birth for worker in self.wrks), default=0.0)
        time.sleep(max(0.0, newest + STARTING_SECONDS - time.monotonic()))
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def in_lanes(wrapped: Callable[..., Runner]) -> Callable[..., Runner]:
    """Wrap the function that granian calls an application with (``wrapped``): its thread then hands over what `TakesLong` to `THREADS`
    others, which may wait. See `api.lanes`. Granian sends an answer from whichever thread it comes.
    """

    def wrap(application: Any, *options: Any) -> Runner:
        run = wrapped(application, *options)
        waiting: queue.SimpleQueue[tuple[Any, dict[str, Any]]] = queue.SimpleQueue()

        def hurry(protocol: Any, scope: dict[str, Any]) -> None:
            scope[HURRIED] = True
            try:
                run(protocol, scope)
            except TakesLong:
                del scope[HURRIED]
                waiting.put((protocol, scope))

        def take_time() -> None:
            while True:
                try:
                    run(*waiting.get())
                except Exception:
                    log.exception("failed to answer")  # granian says 500 once nothing holds the protocol any more

        for number in range(THREADS):
            threading.Thread(target=take_time, name=f"answers-{number}", daemon=True).start()
        return hurry

    return wrap


class Wake:
    """An event that signal handlers may set too, as granian's do. A handler runs in the thread that it interrupts; where that thread
    was about to wait for a `threading.Event`, it holds the event's lock, and the handler would wait for it forever.
    """

    LOOK_SECONDS = 0.1  # a signal that comes in the last moment before waiting is handled by Python after the wait only

    def __init__(self) -> None:
        self._is_set = False
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()  # its put may interrupt its get

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        self._wakes.put(None)

    def clear(self) -> None:
        self._is_set = False

    def wait(self) -> None:
        while not self._is_set:
            with suppress(queue.Empty):
                self._wakes.get(timeout=self.LOOK_SECONDS)


def refuse_taken(host: str, port: int) -> None:
    """Make sure that nobody listens on a port. Granian shares one that another granian listens on, so that a second service would
    silently get half of the requests.

    Raises:
        ServerError: somebody does, or nobody can.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        of_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        mend = (
            "choose another with --port (make serve PORT=8001)"
            if of_port
            else "choose an address of this machine with --host (127.0.0.1 for local access only, 0.0.0.0 for all addresses)"
        )
        raise ServerError(f"cannot listen on {host} port {port}: {error.strerror}; {mend}") from error
