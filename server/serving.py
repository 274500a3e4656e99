"""A server process from its first to its last moment: socket, handshake, signals, parent."""

import _thread
import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import psutil

from diffbgm import __version__, generation
from diffbgm.devices import choose_device
from diffbgm.errors import OptionError
from diffbgm.files.handshake import default_handshake
from diffbgm.options import Sampling
from diffbgm.sound.soundfont import find_soundfont

from . import connections, handshake, logs, security
from .app import create_app
from .channel import Rules, channel_class
from .composer import Composer, LibraryComposer
from .config import Config, Retention, Studio, default_store
from .handshake import Handshake
from .isolation import IsolatedComposer
from .pump import Pump
from .services import Services

logger = logging.getLogger(__name__)

_LOOK_AT_PARENT_SECONDS = 1.0
_THREADS = 8
_CONNECTIONS = 1000


def run(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    store: Path | None = None,
    handshake_path: Path | None = None,
    parent_pid: int | None = None,
    device: str = "auto",
    checkpoint: Path | None = None,
    soundfont: Path | None = None,
    keep: Retention | None = None,
    studio: Studio | None = None,
    on_ready: Callable[[Handshake], None] = lambda handshake: None,
) -> None:
    """Serves until SIGTERM, Ctrl+C or the death of process `parent_pid`; then returns.

    Port 0 is a free one. `on_ready` is called once, when clients may come. Raises StoreInUseError,
    StorageError, OptionError, SoundFontError, CheckpointError.
    """
    _check_choices(device, checkpoint, soundfont)
    logs.configure()
    serve(
        IsolatedComposer(LibraryComposer(device, checkpoint, soundfont)),
        Config(store or default_store(), retention=keep or Retention(), studio=studio),
        host=host,
        port=port,
        handshake_path=handshake_path or default_handshake(),
        parent_pid=parent_pid,
        on_ready=on_ready,
    )


def _check_choices(device: str, checkpoint: Path | None, soundfont: Path | None) -> None:
    """Now rather than in the middle of the first job; loads torch only for what needs it."""
    if soundfont is not None:
        find_soundfont(soundfont)
    if checkpoint is not None:
        generation.describe_model(generation.resolve_checkpoint(checkpoint), Sampling())
    if device not in ("auto", "cpu"):
        choose_device(device)


def serve(
    composer: Composer,
    config: Config,
    *,
    host: str,
    port: int,
    handshake_path: Path,
    parent_pid: int | None,
    on_ready: Callable[[Handshake], None],
) -> None:
    """As `run`, with a composer of the caller's."""
    if parent_pid is not None and not handshake.is_alive(parent_pid):
        raise OptionError(f"The parent process {parent_pid} does not run.")
    os.umask(0o077)  # What the store holds is for its user alone, whichever process writes it.
    config = replace(config, hosts=config.hosts | security.own_names(host))
    services = Services(config, composer)
    with _listen(host, port) as listening, services:
        logs.hide(services.store.token)
        # waitress spools bodies as temporary files; /tmp may be memory, the store's disc is not.
        tempfile.tempdir = str(services.store.work)
        address = _handshake(host, listening.getsockname()[1], services.store.token)
        server, pump = _server(services, listening)
        # Not before all is imported: what a signal raises inside an import leaves it locked.
        _stop_on_signals(services)
        if parent_pid is not None:
            _stop_with(parent_pid)
        with handshake.announced(handshake_path, address):
            logger.info("serving %s, store %s", address.address, services.store.root)
            on_ready(address)
            _answer(server, pump)


def _server(services: Services, listening: socket.socket) -> tuple[Any, Pump]:
    """waitress' server, ready to answer, and what writes its event streams."""
    server: Any = connections.create(
        create_app(services),
        listening,
        threads=_THREADS,
        connection_limit=_CONNECTIONS,
        asyncore_use_poll=True,
        cleanup_interval=1,
        recv_bytes=256 * 1024,
        max_request_body_size=2**63,
        channel_request_lookahead=1,  # Notices at once that a watcher of events has gone.
        clear_untrusted_proxy_headers=False,  # They say that the client is elsewhere.
        ident="diffbgm",
    )
    limits, store = services.config.limits, services.store
    pump = Pump(services.jobs)
    server.channel_class = channel_class(Rules(store.token, limits, store.work), pump)
    return server, pump


def _answer(server: Any, pump: Pump) -> None:
    """Answers requests until the process is asked to end."""
    pump.start()
    try:
        server.run()
    finally:
        pump.join()
        server.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise OptionError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Port 0 chooses a free one."
        ) from error
    except OverflowError as error:
        raise OptionError(f"Port {port} is none: 0 (a free one) to 65535.") from error


def _handshake(host: str, port: int, token: str) -> Handshake:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{reachable}]" if ":" in reachable else reachable
    return Handshake(f"http://{shown}:{port}", host, port, token, os.getpid(), __version__)


def _stop_on_signals(services: Services) -> None:
    def stop(*_: object) -> NoReturn:
        services.jobs.stop()  # Ends the event streams, for which waitress would wait.
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _stop_with(parent_pid: int) -> None:
    """Ends this process, as SIGTERM would, when the parent has ended."""

    def watch() -> None:
        parent = psutil.Process(parent_pid)
        while parent.is_running() and handshake.is_alive(parent_pid):
            _pause.wait(_LOOK_AT_PARENT_SECONDS)
        _thread.interrupt_main(signal.SIGTERM)

    _pause = threading.Event()
    threading.Thread(target=watch, name="diffbgm-parent", daemon=True).start()
