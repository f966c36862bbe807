"""A server that promises more than it sends, then hangs up or keeps silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def broken_server(answers: list[bytes], *, reset: bool = True) -> Iterator[str]:
    """Answer one connection after another with these bytes; reset each, or leave it open until the test ends."""
    open_connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                connection.recv(65536)
                connection.sendall(answer)
                open_connections.append(connection)
                if reset:
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)
        for connection in open_connections:
            connection.close()
