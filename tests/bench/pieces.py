#!/usr/bin/python3
"""The longest pieces of work on wsluice's loops, under loads that could make them long.

A piece is one callback: a descriptor that is ready, a deadline, a message of another thread, what follows a job of the pool. Nothing
interactive on its loop is served before it ends. The binary is built with WSLUICE_PIECES:

    cmake -B build-pieces -DWSLUICE_PIECES=ON -DWSLUICE_BENCH=ON && cmake --build build-pieces
    tests/bench/pieces.py --build build-pieces

A row is a load and a function: the longest piece in microseconds of the thread's CPU time (others on the machine do not count), the
second longest (far below the longest: that one met an interrupt or a cold cache), how long the longest took by the clock, and how
many were above the bar. "timers" and "posts" are all deadlines or messages of one turn; "timer" and "post" one of them.

usage: pieces.py [--build FOLDER] [--workers N] [--sessions N] [--above US] [--only LOAD]...
       pieces.py --build FOLDER --table FILE      the table of a file that a wsluice wrote, started with WSLUICE_PIECES=FILE
"""
import argparse
import base64
import collections
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import contenders
import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/e2e'))

from wire import request, until  # noqa: E402

BAR = 500  # microseconds
PATIENCE = 120
ROUTES, USERS, TOKENS, FLOOD = 10_000, 10_000, 100_000, 3_000
LARGE = 256 << 20
HASH = '$6$rounds=1000$saltsalt$5Oji4y.RQw4TBqlwXcGLBsxSL7.Pw5hdIpFnzMJTl.OaKsU3EiPTP5NseI3oKDT8iioErVqshwXGd40hlWBLx1'  # of sesame
Piece = collections.namedtuple('Piece', 'thread kind address cpu wall')


# ---- the table ----

def functions(binary):
    """{address in the file: name}"""
    table = subprocess.run(['nm', '--defined-only', binary], capture_output=True, text=True, check=True).stdout
    return {int(address, 16): name for address, kind, name in map(str.split, table.splitlines()) if kind in 'tT'}


def read(text):
    for line in text.splitlines():
        thread, kind, address, cpu, wall = line.split()
        yield Piece(int(thread), kind, int(address, 16), int(cpu) / 1000, int(wall) / 1000)


def rows(load, pieces, names, above):
    """Whether all were within the bar."""
    found = collections.defaultdict(list)
    for piece in pieces:
        found[piece.kind, names.get(piece.address, hex(piece.address))].append(piece)
    longest = sorted(((max(each, key=lambda piece: piece.cpu), key, each) for key, each in found.items()),
                     key=lambda row: -row[0].cpu)
    shown = [row for row in longest if row[0].cpu >= above] or longest[:1]
    for top, (kind, name), each in shown:
        second = sorted(piece.cpu for piece in each)[-2:][0]
        print(f'{load:<18} {top.cpu:>9.0f} {second:>9.0f} {top.wall:>9.0f} {sum(piece.cpu > BAR for piece in each):>6}  '
              f'{kind:<7} {name}', flush=True)
    if not shown:
        print(f'{load:<18} {"short":>9}', flush=True)
    return not any(row[0].cpu > BAR for row in shown)


def header():
    print(f'{"load":<18} {"CPU us":>9} {"second":>9} {"wall us":>9} {">" + str(BAR):>6}  kind    function')


# ---- a bridge ----

class Bridge:
    """wsluice with its listeners: `plain`, `tls` and `operators`. The file of its pieces is cut into phases."""

    def __init__(self, options, folder, **config):
        self.options, self.folder = options, pathlib.Path(folder)
        ports = contenders.Ports()
        self.plain, self.tls, self.operators, self.target = (ports.take() for _ in range(4))
        self.pieces = self.folder / 'pieces'
        self.pieces.write_text('')
        self.files = contenders.Files(self.folder, 0)
        self.configure(**config)
        self.log = self.folder / 'log'
        with self.log.open('w') as log:
            self.process = subprocess.Popen([options.wsluice, '--config', self.folder / 'gateway.yaml'], stderr=log,
                                            env={**os.environ, 'WSLUICE_PIECES': str(self.pieces)})
        until(lambda: self.operators in contenders.listening_ports(), self.log.read_text)
        self.seen = 0

    def configure(self, routes=(), **more):
        to = f'tcp://127.0.0.1:{self.target}'
        listeners = [{'address': f'127.0.0.1:{self.plain}'},
                     {'address': f'127.0.0.1:{self.tls}',
                      'tls': {'certificates': [{'certificate': str(self.files.cert), 'key': str(self.files.key)}]}},
                     {'address': f'127.0.0.1:{self.operators}', 'routes': ['metrics', 'status']}]
        for each in listeners[:2]:
            each['routes'] = [route.get('name', route['path']) for route in routes] + ['bridge'] if len(routes) < 100 else None
        everything = [*routes, {'path': '/', 'name': 'bridge', 'target': to},
                      {'path': '/metrics', 'name': 'metrics', 'metrics': True}, {'path': '/status', 'name': 'status', 'status': True}]
        (self.folder / 'gateway.yaml').write_text(json.dumps({
            'workers': self.options.workers, 'sandbox': 'off', 'log': {'level': 'info'}, 'limits': {'drain_timeout': '20s'},
            'listeners': [{key: value for key, value in each.items() if value} for each in listeners],
            'routes': [{**route, 'target': to} if route.get('target', 1) is None else route for route in everything], **more}))

    def phase(self):
        """The pieces since the last phase."""
        text = self.pieces.read_bytes()
        text, self.seen = text[self.seen:], len(text)
        return list(read(text.decode()))

    def get(self, path='/', port=None, **how):
        """The whole answer: status and body."""
        with socket.create_connection(('127.0.0.1', port or self.operators), PATIENCE) as client:
            client.sendall(request(path, **how))
            data = b''
            while more := client.recv(1 << 20):
                data += more
        return int(data.split(b' ', 2)[1]), data.partition(b'\r\n\r\n')[2]

    def plainly(self, path, port=None, **fields):
        return self.get(path, port, fields={'Connection': 'close', **fields},
                        drop=('Upgrade', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version'))

    def metric(self, name):
        body = self.plainly('/metrics')[1].decode()
        return sum(float(line.split()[-1]) for line in body.splitlines() if line.startswith((name + ' ', name + '{')))

    def reload(self):
        before = self.log.read_text().count('was read again')
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.log.read_text().count('was read again') > before, 'the reload ends', PATIENCE)

    @contextlib.contextmanager
    def session(self):
        """One that is open, at a target of its own."""
        with socket.create_server(('127.0.0.1', self.target)), \
                socket.create_connection(('127.0.0.1', self.plain), PATIENCE) as client:
            client.sendall(request('/'))
            assert client.recv(4096).startswith(b'HTTP/1.1 101 '), self.log.read_text()
            yield client

    def load(self, mode, *more, tls=False, tool='load'):
        command = [self.options.tools / tool] + ([mode, f'--listen={self.target}'] if mode else [])
        return subprocess.Popen([*command, f'--proxy={self.tls if tls else self.plain}', *(['--tls'] if tls else []), *more],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, *how, **more):
        with self.load(*how, **more) as process:
            assert process.stdout.readline().strip() == 'ready', self.log.read_text()
            process.stdin.write('go\nquit\n')
            process.stdin.flush()
            process.stdout.read()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def bridge(options, **config):
    with tempfile.TemporaryDirectory(prefix='pieces-') as folder:
        there = Bridge(options, folder, **config)
        try:
            yield there
        finally:
            if there.process.poll() is None:
                there.end()


# ---- loads: each yields names and pieces ----

def sessions(options):
    with bridge(options) as there:
        with there.load('idle', f'--sessions={options.sessions}') as crowd:
            assert crowd.stdout.readline().strip() == 'ready'
            yield 'sessions open', there.phase()
            for _ in range(5):
                there.plainly('/metrics')
            yield 'metrics', there.phase()
            for query in ('', '?limit=1000', '?sort=client&limit=1000', '?filter=127', '?sort=down'):
                status, body = there.plainly(f'/status{query}', Accept='application/json')
                assert status == 200, body
                yield f'status{query}', there.phase()
            there.plainly('/status', Accept='text/html')
            yield 'status page', there.phase()
            there.end()
            yield 'drain', there.phase()
            crowd.kill()


def hang_up(options):
    with bridge(options) as there:
        with there.load('idle', f'--sessions={options.sessions}') as crowd:
            assert crowd.stdout.readline().strip() == 'ready'
            there.phase()
            crowd.kill()
        until(lambda: there.metric('wsluice_worker_sessions') == 0, 'all sessions end', PATIENCE)
        yield 'all hang up', there.phase()


def handshakes(options):
    with bridge(options) as there:
        for tls, count in ((False, 10_000), (True, 4_000)):
            there.run('handshake', f'--handshakes={count}', '--sessions=64', tls=tls)
            yield 'handshakes wss' if tls else 'handshakes', there.phase()


def bulk(options):
    for mode, tls in (('down', False), ('up', False), ('down', True), ('up', True)):
        for size in (65536, 64):
            with bridge(options) as there:
                there.run(mode, '--sessions=16', f'--frame={size}', f'--bytes={(1 << 30) // (1 if size > 64 else 16)}', tls=tls)
                yield f'{mode} {size}{" wss" if tls else ""}', there.phase()


def files(options):
    with tempfile.TemporaryDirectory(prefix='pieces-') as root:
        with open(f'{root}/large', 'wb') as large:  # the kernel's cache has it then
            for _ in range(LARGE >> 20):
                large.write(os.urandom(1 << 20))
        with bridge(options, routes=[{'path': '/big/*', 'name': 'big', 'files': {'root': root}},
                                     {'path': '/*', 'name': 'page', 'files': {'root': str(contenders.PAGE)}}]) as there:
            paths = there.folder / 'paths'
            paths.write_text(''.join(f'/{path.relative_to(contenders.PAGE)}\n'
                                     for path in sorted(contenders.PAGE.rglob('*')) if path.is_file()))
            there.run('', f'--paths={paths}', '--requests=20000', '--sessions=16', tool='fetch')
            yield 'files small', there.phase()
            for scheme, port in (('http', there.plain), ('https', there.tls)):
                clients = [subprocess.Popen(['curl', '-sk', '-o', '/dev/null', f'{scheme}://127.0.0.1:{port}/big/large'])
                           for _ in range(4)]
                assert all(client.wait(PATIENCE) == 0 for client in clients)
                yield f'files {scheme}', there.phase()


def routes(options):
    many = [{'path': f'/r{number}/*', 'name': f'r{number}', 'target': None} for number in range(ROUTES)]
    with bridge(options, routes=many) as there:
        there.phase()
        with there.session():
            there.reload()
            yield 'reload routes', there.phase()
        until(lambda: ' session ' in there.log.read_text(), 'the session ends')
        time.sleep(1)  # what it held is freed
        yield 'its last session', there.phase()
        for _ in range(3):
            there.plainly('/metrics')
        yield 'metrics of routes', there.phase()
        there.plainly('/status', Accept='application/json')
        there.plainly('/status', Accept='text/html')
        yield 'status of routes', there.phase()
        there.end()
        yield 'end with routes', there.phase()


def users(options):
    def write(there, mark):
        (there.folder / 'new').write_text(''.join(f'user{number}{mark}:{HASH}\n' for number in range(USERS)))
        (there.folder / 'new').replace(there.folder / 'users')

    with tempfile.TemporaryDirectory(prefix='pieces-') as folder:
        path = pathlib.Path(folder, 'users')
        path.write_text(f'ann:{HASH}\n')
        with bridge(options, routes=[{'path': '/door', 'name': 'door', 'target': None,
                                      'auth': [{'basic': {'users': str(path)}}]}]) as there:
            for mark in 'abc':
                there.folder, kept = pathlib.Path(folder), there.folder
                write(there, mark)
                there.folder = kept
                word = base64.b64encode(f'user7{mark}:sesame'.encode()).decode()
                until(lambda word=word: there.plainly('/door', there.plain, Authorization=f'Basic {word}')[0] != 401,
                      'a user comes in', PATIENCE)
            there.reload()
            yield 'users file', there.phase()


def tokens(options):
    with tempfile.TemporaryDirectory(prefix='pieces-') as folder:
        path = pathlib.Path(folder, 'tokens')
        with socket.create_server(('127.0.0.1', 0)) as target:
            def write(mark):
                (new := path.with_suffix('.new')).write_text(
                    ''.join(f't{number}{mark}: 127.0.0.1:{target.getsockname()[1]}\n' for number in range(TOKENS)))
                new.replace(path)
            write('z')
            with bridge(options, routes=[{'path': '/desk/*', 'name': 'desk', 'tokens': {
                    'from': 'path', 'file': str(path), 'permit': ['127.0.0.0/8:*']}}]) as there:
                for mark in 'abc':
                    write(mark)
                    with socket.create_connection(('127.0.0.1', there.plain), PATIENCE) as client:
                        client.sendall(request(f'/desk/t{TOKENS - 1}{mark}'))
                        answer = client.recv(4096)
                        assert answer.startswith(b'HTTP/1.1 101 '), (answer, there.log.read_text())
                there.reload()
                yield 'token file', there.phase()


def flood(options):
    with bridge(options) as there:
        for port, name in ((there.plain, 'flood'), (there.tls, 'flood tls')):
            there.phase()
            there.process.send_signal(signal.SIGSTOP)
            crowd = []
            for _ in range(FLOOD):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(('127.0.0.1', port))
                crowd.append(client)
            time.sleep(1)
            there.process.send_signal(signal.SIGCONT)
            until(lambda: there.metric('wsluice_worker_connections') >= FLOOD, 'all are accepted', PATIENCE)
            yield name, there.phase()
            for client in crowd:
                client.close()
            until(lambda: there.metric('wsluice_worker_connections') < 10, 'all are gone', PATIENCE)
            yield f'{name} ends', there.phase()


def tickets(options):
    with tempfile.TemporaryDirectory(prefix='pieces-') as folder:
        found, words = [], {}
        for name in ('RS256', 'ES256', 'RS512', 'ES512'):
            key, public = pathlib.Path(folder, name), pathlib.Path(folder, f'{name}.pub')
            subprocess.run([options.wsluice, 'ticket', 'key', key, f'--algorithm={name}'], check=True, capture_output=True)
            public.write_bytes(subprocess.run([options.wsluice, 'ticket', 'key', '--public', key, f'--algorithm={name}'], check=True,
                                              capture_output=True).stdout)
            words[name] = subprocess.run([options.wsluice, 'ticket', 'mint', f'--key={key}', f'--algorithm={name}', '--user=ann'],
                                         check=True, capture_output=True, text=True).stdout.strip()
            found.append({'path': f'/{name}', 'name': name, 'target': None,
                          'auth': [{'ticket': {'key': {'file': str(public), 'algorithm': name}}}]})
        with bridge(options, routes=found) as there:
            for name, word in words.items():
                for _ in range(300):
                    status, _ = there.plainly(f'/{name}', there.plain, Authorization=f'Bearer {word}')
                    assert status != 401, there.log.read_text()
                yield f'ticket {name}', there.phase()


LOADS = {each.__name__.replace('_', '-'): each
         for each in (sessions, hang_up, handshakes, bulk, files, routes, users, tokens, flood, tickets)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build-pieces', metavar='FOLDER')
    parser.add_argument('--workers', type=int, default=1, help='with 1 (default), its loop is the main one, too')
    parser.add_argument('--sessions', type=int, default=9_500)
    parser.add_argument('--above', type=float, default=BAR / 2, metavar='US', help='show what takes longer (default: %(default)s)')
    parser.add_argument('--only', action='append', choices=LOADS, default=[])
    parser.add_argument('--table', type=pathlib.Path, metavar='FILE')
    options = parser.parse_args()
    options.wsluice, options.tools = options.build / 'wsluice', options.build / 'tests/bench'
    return options


def main():
    options = arguments()
    names = functions(options.wsluice)
    if 'pieces_note' not in names.values():
        sys.exit(f'{options.wsluice} measures no pieces: build it with -DWSLUICE_PIECES=ON')
    header()
    if options.table:
        return not rows(options.table.name[:18], read(options.table.read_text()), names, options.above)
    machine.raise_descriptor_limit(2 * options.sessions + 1000)
    failed = False
    for name in options.only or LOADS:
        for load, pieces in LOADS[name](options):
            failed |= not rows(load, pieces, names, options.above)
    return failed


if __name__ == '__main__':
    sys.exit(main())
