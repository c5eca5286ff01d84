"""A SOCKS5 proxy on loopback that leads every name to one port, as Tor leads to hidden services."""

import socket
import threading
from contextlib import suppress

PATIENCE_SECONDS = 10


class SocksProxy:
    """Serves from threads; use it as a context manager."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.asked_for: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_SECONDS)

    def _live(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client):
        with client, suppress(OSError):
            _, n_methods = client.recv(2)
            client.recv(n_methods)
            client.sendall(b"\x05\x00")
            kind = client.recv(4)[3]
            assert kind == 3, "a name, resolved by the proxy and not by the client"
            name = client.recv(client.recv(1)[0]).decode()
            self.asked_for.append(f"{name}:{int.from_bytes(client.recv(2), 'big')}")
            with socket.create_connection(("127.0.0.1", self._target_port)) as server:
                client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join(PATIENCE_SECONDS)


def _pump(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
