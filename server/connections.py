"""Who may hold a connection, and how long: clients without the token never keep out those with it.

An unknown client has not shown the token yet. All of them have a few connections together; when
those are taken, the one that has been silent longest makes room for the next.
"""

from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

_UNKNOWN = 64  # connections that unknown clients may hold at once
_UNKNOWN_SECONDS = 10.0  # for an unknown client to send a request and take its answer
_HEAD_SECONDS = 10.0  # for anyone to send the head of a request
_SILENT_SECONDS = 120.0  # without a byte, of who has shown the token


class Server(TcpWSGIServer):
    """waitress' server of one socket, with these limits."""

    active_channels: Any

    def handle_accept(self) -> None:
        super().handle_accept()
        unknown = [one for one in self.active_channels.values() if _is_waiting_unknown(one)]
        for channel in sorted(unknown, key=lambda one: one.last_activity)[:-_UNKNOWN]:
            channel.handle_close()

    def maintenance(self, now: float) -> None:
        """Closes what has taken too long; waitress calls it every second."""
        for channel in list(self.active_channels.values()):
            if not channel.requests and _is_late(channel, now):
                channel.will_close = True


def _is_waiting_unknown(channel: Any) -> bool:
    return not channel.is_known and not channel.requests and not channel.will_close


def _is_late(channel: Any, now: float) -> bool:
    if not channel.is_known and now - channel.creation_time > _UNKNOWN_SECONDS:
        return True
    if channel.began is not None and now - channel.began > _HEAD_SECONDS:
        return True
    return now - channel.last_activity > _SILENT_SECONDS


def create(application: Any, listening: Any, **adjustments: Any) -> Server:
    """A server over a listening socket; see waitress for its adjustments."""
    settings: Any = Adjustments(sockets=[listening], **adjustments)
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(settings.threads)
    name = listening.getsockname()
    return Server(
        application,
        _sock=listening,
        dispatcher=dispatcher,
        adj=settings,
        sockinfo=(listening.family, listening.type, listening.proto, name),
        bind_socket=False,
    )
