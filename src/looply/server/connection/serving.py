"""Runs the application on a socket until the process is asked to stop."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from errno import EADDRINUSE
from typing import Any, Final, TypeVar

import structlog
import uvicorn
import uvloop

from looply.app.context.services import Lifecycle
from looply.clock import Clock, SystemEntropy
from looply.errors import Problem, SettingsError
from looply.server.connection.guard import Bounds, GuardedProtocol, make_protocol
from looply.server.connection.tls import ServerTls, server_tls
from looply.server.http.access_log import OnRefused
from looply.server.http.request_ids import RequestIds
from looply.settings import Settings, split_address

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_BACKLOG: Final = 2048
# A client that calls more often than this receives an answer with `Connection: close` before the server closes.
_MAX_LINGER_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.02
_SO_ATTACH_FILTER: Final = 26
_TICKS_PER_CHECK: Final = 100
"""Ticks of the server, of a tenth of a second each, between two checks whether the certificate has changed."""
# Classic BPF (linux/filter.h) over the TCP header: (code, jump if true, jump if false, operand).
_DROP_SYN: Final = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone requests a new connection:
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFF_FFFF),  # let everything else pass
)
# The engine's least drain time, for when the calls in flight have used all the time.
_LEAST_DRAIN: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Callbacks of the process: when the server listens (with its address), and after the last call was answered.

    `on_refused` observes each request that was refused before it reached the application.
    """

    on_listening: Callable[[str], None]
    drain: Callable[[timedelta], Awaitable[None]]
    on_refused: OnRefused | None = None


class _Server(uvicorn.Server):
    """A server of uvicorn that stops when the lifecycle drains, which signals begin."""

    def __init__(
        self,
        config: uvicorn.Config,
        lifecycle: Lifecycle,
        linger_seconds: float,
        on_listening: Callable[[], None],
        tls: ServerTls | None,
    ) -> None:
        super().__init__(config)
        self._tls = tls
        self._lifecycle = lifecycle
        self._linger = linger_seconds
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to serve, and calls `on_listening`."""
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends connections after their next answer, stops accepting new ones, then closes those that are still open.

        A connection that closes while a request is in transit leaves its caller in doubt. So the next answer of each
        connection announces that it is the last one, and connections that are already being established are served.
        """
        for connection in self._connections():
            connection.finish()
        await _wait_until(lambda: not self._connections(), self._linger)
        for listener in sockets or ():
            stop_accepting(listener)
        await asyncio.sleep(_POLL_SECONDS)
        await _wait_until(lambda: not any(connection.is_new for connection in self._connections()), self._linger)
        await super().shutdown(sockets)

    def _connections(self) -> list[GuardedProtocol]:
        return [each for each in self.server_state.connections if isinstance(each, GuardedProtocol)]

    async def on_tick(self, counter: int) -> bool:
        """Returns whether to stop; looks for a new certificate from time to time."""
        if self._tls is not None and counter % _TICKS_PER_CHECK == 0:
            self._tls.check()
        self.should_exit = self.should_exit or self._lifecycle.is_draining
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to `serve`, which still handles them while the engine drains."""
        yield


async def serve(settings: Settings, app: Any, lifecycle: Lifecycle, clock: Clock, hooks: Hooks) -> None:
    """Serves until SIGTERM, SIGINT or a call of `lifecycle.drain`; then answers the calls in flight.

    Order: the server reports that it is not ready and makes each answer the last one of its connection, accepts no new
    connections, answers the calls in flight, waits for the engine to drain, returns. All together takes
    `drain_seconds`. A second signal ends the process at once. At SIGHUP a server with TLS reads its
    certificate again.

    Raises: SettingsError when the server cannot listen on the address or use its certificate.
    """
    tls = server_tls(settings)
    listener = listen(settings.host, settings.port)
    address = address_of(settings.host, listener, "http" if tls is None else "https")
    bounds = Bounds(settings.header_seconds, settings.header_bytes, settings.body_seconds)
    config = uvicorn.Config(
        app,
        http=make_protocol(bounds, lambda: lifecycle.is_draining, RequestIds(SystemEntropy()).next, hooks.on_refused),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=max(1, round(settings.keep_alive_seconds)),
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
        ssl_context_factory=None if tls is None else lambda *_: tls.context,
    )
    linger = min(_MAX_LINGER_SECONDS, settings.drain_seconds / 10)
    server = _Server(config, lifecycle, linger, lambda: hooks.on_listening(address), tls)
    release_signals = drain_on_signals(lifecycle)
    release_hangup = _reload_on_hangup(tls)
    begun: list[float] = []
    watch = asyncio.ensure_future(_note_drain(lifecycle, clock, begun))
    try:
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()
        listener.close()
        left = settings.drain_seconds - (clock.monotonic() - begun[0] if begun else 0.0)
        await hooks.drain(max(timedelta(seconds=left), _LEAST_DRAIN))
        release_hangup()
        release_signals()


class _SecondaryServer(uvicorn.Server):
    """A server of uvicorn that runs beside the main one, which handles the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the main server."""
        yield


@asynccontextmanager
async def serve_monitoring(settings: Settings, app: Any) -> AsyncIterator[str | None]:
    """Serves `app` on the address of `metrics_listen` until the end of the block. Yields its URL.

    Without the setting it serves nothing and yields None. Raises: SettingsError when it cannot listen on the address.
    """
    if not settings.metrics_listen:
        yield None
        return
    host, port = split_address(settings.metrics_listen)
    listener = listen(host, port, "metrics_listen")
    bounds = Bounds(settings.header_seconds, settings.header_bytes, settings.body_seconds)
    server = _SecondaryServer(
        uvicorn.Config(
            app,
            http=make_protocol(bounds, lambda: False, RequestIds(SystemEntropy()).next),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    address = address_of(host, listener)
    _log.info("metrics_listening", address=address)
    try:
        yield address
    finally:
        server.should_exit = True
        await serving
        listener.close()


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Returns the result of `main`, run on uvloop's event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def listen(host: str, port: int, setting: str = "port") -> socket.socket:
    """Returns a listening socket; port 0 takes a free one. Raises: SettingsError, which names the setting."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        message = f"cannot listen on {host} port {port}: {_listen_failure(error, setting)}"
        raise SettingsError(message, problems=(Problem(path=f"/{setting}", message=message),)) from error
    listener.setblocking(False)
    return listener


def _listen_failure(error: OSError, setting: str) -> str:
    # The message of `create_server` repeats the address; only the resolver's message is better than the errno's.
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or str(error)
    reason = os.strerror(error.errno)
    return f"{reason}; stop what listens there, or set another `{setting}`" if error.errno == EADDRINUSE else reason


def stop_accepting(listener: socket.socket) -> None:
    """Stops accepting new connections, while open ones and those in the accept queue can still be served.

    Closing a listening socket resets connections that it has not accepted yet, though their callers may have sent a
    request. So a kernel filter first drops requests for a new connection: the caller tries again a second later and is
    refused. On a system without such filters the function does nothing.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _DROP_SYN))
    with contextlib.suppress(OSError):
        option = struct.pack("HP", len(_DROP_SYN), ctypes.addressof(program))
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, option)


async def _wait_until(is_met: Callable[[], bool], seconds: float) -> None:
    """Returns when the condition is met, or after `seconds`."""
    for _ in range(round(seconds / _POLL_SECONDS)):
        if is_met():
            return
        await asyncio.sleep(_POLL_SECONDS)


def address_of(host: str, listener: socket.socket, scheme: str = "http") -> str:
    """Returns the URL of a listening socket, usable on this machine."""
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"


def drain_on_signals(lifecycle: Lifecycle) -> Callable[[], None]:
    """Begins the drain at the first signal and ends the process at the next. Returns a function that restores them."""
    loop = asyncio.get_running_loop()
    former = {each: signal.getsignal(each) for each in _SIGNALS}

    def begin() -> None:
        release()
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        lifecycle.drain()

    def release() -> None:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
            # The loop restores the default handler only. None is a handler that Python did not set.
            signal.signal(each, former[each] or signal.SIG_DFL)

    for each in _SIGNALS:
        loop.add_signal_handler(each, begin)
    return release


def _reload_on_hangup(tls: ServerTls | None) -> Callable[[], None]:
    """Reads the certificate again at SIGHUP. Returns a function that restores the signal."""
    if tls is None:
        return lambda: None
    loop = asyncio.get_running_loop()
    former = signal.getsignal(signal.SIGHUP)

    def release() -> None:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, former or signal.SIG_DFL)

    loop.add_signal_handler(signal.SIGHUP, tls.reload)
    return release


async def _note_drain(lifecycle: Lifecycle, clock: Clock, start: list[float]) -> None:
    await lifecycle.wait()
    start.append(clock.monotonic())
