"""Services to bridge to: each accepted connection runs a handler in a thread of its own."""
import hashlib
import socket
import struct
import threading

from wire import WAIT

CHUNK = 1 << 16


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Connection:
    """One connection, as its target sees it."""

    def __init__(self, sock):
        self.sock = sock
        self.received = bytearray()
        self.ended = threading.Event()  # the handler has returned
        self.saw_eof = threading.Event()
        self.saw_reset = threading.Event()

    def read(self, limit=CHUNK):
        try:
            data = self.sock.recv(limit)
        except ConnectionResetError:
            self.saw_reset.set()
            return b''
        except OSError:
            return b''
        if data:
            self.received += data
        else:
            self.saw_eof.set()
        return data

    def read_all(self):
        while self.read():
            pass

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()


class Target:
    def __init__(self, sock, handler, context=None):
        self.sock, self.handler, self.context = sock, handler, context
        self.connections, self.lock = [], threading.Condition()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        if self.context is not None:
            try:
                sock = self.context.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        connection = Connection(sock)
        with self.lock:
            self.connections.append(connection)
            self.lock.notify_all()
        try:
            self.handler(connection)
        except OSError:
            pass
        finally:
            connection.ended.set()
            sock.close()

    def connection(self, number=0):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.connections) > number, WAIT), 'the bridge did not dial'
            return self.connections[number]

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        with self.lock:
            for connection in self.connections:
                try:
                    connection.sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def echo(connection):
    while True:
        data = connection.read()
        if not data:
            return
        connection.sock.sendall(data)


def sink(connection):
    connection.read_all()


def hold(connection):
    """Takes nothing, sends nothing, until the test ends."""
    connection.ended.wait()


def source(data, *, then='close'):
    """Sends data, then closes, or says only FIN and reads on ("half"), or resets."""
    def handler(connection):
        connection.sock.sendall(data)
        if then == 'half':
            connection.sock.shutdown(socket.SHUT_WR)
            connection.read_all()
        elif then == 'reset':
            connection.reset()
        elif then == 'hold':
            connection.read_all()
    return handler


def answer_after_eof(data):
    """Speaks only once the client has finished: what comes back must still get through."""
    def handler(connection):
        connection.read_all()
        connection.sock.sendall(data)
    return handler


def listening(family=socket.AF_INET, address=('127.0.0.1', 0), *, receive_buffer=None):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    if receive_buffer:  # what it accepts inherits it
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.listen(512)
    return sock


def refusing_port():
    """A port that nobody listens on: bound, never listening, so that nobody else takes it."""
    sock = socket.socket()
    sock.bind(('127.0.0.1', 0))
    return sock
