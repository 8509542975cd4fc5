"""A port of the loopback interface that belongs to a test, whether a server listens on it at the moment or not."""

import os
import socket
import weakref


class HeldPort:
    """Holds a port, its `number`, as long as the object lives.

    A socket is bound to it that never listens. So the kernel gives the port to no process that asks for any free port,
    and refuses connections while no server listens; a server that is started with the number can listen on it, and
    again after its end, if it sets SO_REUSEADDR, as the usual libraries do.
    """

    def __init__(self) -> None:
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", 0))
            self.number: int = held.getsockname()[1]
            # A bare descriptor: it goes with the object, and a test need not close it.
            weakref.finalize(self, os.close, held.detach())
