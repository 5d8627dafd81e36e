"""WebSocket servers that we did not write, to be the far side of a bridge, and the proxies in front of them."""
import pathlib
import subprocess
import sys
import threading

import nginx
from gateway import Endpoint
from ports import free_port, listens
from wire import until

HERE = pathlib.Path(__file__).parent


class Far:
    """A server in a process of its own. It prints its port, and then how each connection was closed."""

    def __init__(self, lab, *command):
        process = lab.spawn(*map(str, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=HERE)
        self.port = int(process.stdout.readline())
        self.lines = []
        threading.Thread(target=self.read, args=(process.stdout,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            self.lines.append(line.decode().strip())

    def closed(self, number=0):
        """Code and text of the Close that it got."""
        until(lambda: len(self.lines) > number, 'the server to be closed')
        code, _, text = self.lines[number].partition(' ')
        return int(code), text


def websockets(lab):
    return Far(lab, sys.executable, 'server.py')


def npm(lab):
    return Far(lab, 'node', 'server.mjs')


PASS = '''location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_buffering off;
    proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }}'''


def behind_nginx(lab):
    far = websockets(lab)
    far.port = nginx.serve(lab, PASS.format(port=far.port)).port
    return far


def behind_haproxy(lab):
    far = websockets(lab)
    front = Endpoint(f'127.0.0.1:{free_port()}')
    path = lab.folder / 'far.cfg'
    path.write_text(f'''defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
    timeout tunnel 30s
frontend near
    bind {front.address}
    default_backend far
backend far
    server one 127.0.0.1:{far.port}
''')
    with open(lab.folder / 'haproxy.log', 'wb') as log:
        lab.spawn('haproxy', '-db', '-f', str(path), stdout=log, stderr=subprocess.STDOUT)
    until(lambda: listens(front.port), lambda: (lab.folder / 'haproxy.log').read_text())
    far.port = front.port
    return far


KINDS = {'websockets': websockets, 'npm': npm, 'nginx': behind_nginx, 'haproxy': behind_haproxy}
