"""HTTP services that wsluice asks: each request runs a function, which returns the bytes of the answer."""
import threading
from http import HTTPStatus


class Request:
    def __init__(self, head):
        lines = head.decode('latin-1').split('\r\n')
        self.method, self.target, self.version = lines[0].split(' ')
        self.pairs = [tuple(line.split(': ', 1)) for line in lines[1:]]
        self.fields = {name.lower(): value for name, value in self.pairs}

    def all(self, name):
        return [value for key, value in self.pairs if key.lower() == name.lower()]


def response(status=200, body=b'', fields=None, version='1.1'):
    body = body.encode() if isinstance(body, str) else body
    fields = {'Content-Length': len(body), **(fields or {})}
    lines = ''.join(f'{name}: {value}\r\n' for name, value in fields.items() if value is not None)
    return f'HTTP/{version} {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n'.encode('latin-1') + body


class Service:
    """The handler of a target. `answer` gets a Request, and returns bytes; None closes the connection."""

    def __init__(self, answer):
        self.answer, self.requests, self.connections, self.lock = answer, [], 0, threading.Lock()

    def __call__(self, connection):
        with self.lock:
            self.connections += 1
        data = b''
        while True:
            while b'\r\n\r\n' not in data:
                more = connection.read()
                if not more:
                    return
                data += more
            head, _, data = data.partition(b'\r\n\r\n')
            request = Request(head)
            with self.lock:
                self.requests.append(request)
            answer = self.answer(request)
            if answer is None:
                return
            connection.sock.sendall(answer)
            if b'\r\nConnection: close\r\n' in answer or answer.startswith(b'HTTP/1.0'):
                return


def kept(seconds):
    return {'Cache-Control': f'max-age={seconds}'}
