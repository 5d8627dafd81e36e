#!/usr/bin/env python3
"""What the other end costs: `wsluice connect` and `wsluice forward` beside a gateway, and beside clients of others.

Prints, as medians of the rounds:
- processor seconds for a GB through a client and its gateway, both ways: wsluice's pair, npm's wsnc and a Python client
  (python3-websockets) with websockify;
- the cost of `forward` over that of its gateway;
- the round trip of one byte through `connect` and a gateway over that through the gateway alone;
- the resident memory of an idle `connect`, over TLS and without.

Needs websockify, python3-websockets, and `npm ci` in tests/e2e.

usage: other_end.py [--wsluice FILE] [--bytes N] [--rounds N] [--contenders NAMES]
"""
import argparse
import contextlib
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/e2e'))

from certs import Certs  # noqa: E402
from ports import free_port, listens  # noqa: E402
from wire import request, until  # noqa: E402

PYTHON_CLIENT = """
import asyncio, os, sys, websockets
async def main():
    loop = asyncio.get_running_loop()
    async with websockets.connect(sys.argv[1], max_size=None, compression=None, subprotocols=['binary']) as ws:
        async def up():
            while data := await loop.run_in_executor(None, os.read, 0, 65536):
                await ws.send(data)
        task = asyncio.ensure_future(up())
        try:
            async for data in ws:
                os.write(1, data)
        finally:
            task.cancel()
asyncio.run(main())
os._exit(0)
"""


WAIT = 120  # seconds for one stream


class Target:
    """A TCP service: reads all that comes (`sink`), sends so many bytes (`source`), or echoes."""

    def __init__(self, kind, amount=0):
        self.kind, self.amount, self.received = kind, amount, 0
        self.done = threading.Event()
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            if self.kind == 'source':
                block, left = bytes(1 << 20), self.amount
                while left > 0:
                    left -= client.send(block[:left])
            while data := client.recv(1 << 20):
                self.received += len(data)
                if self.kind == 'echo':
                    client.sendall(data)
                if self.kind == 'sink' and self.received >= self.amount:
                    self.done.set()


@contextlib.contextmanager
def running(command, port=None, **more):
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **more)
    try:
        if port:
            until(lambda: listens(port), f'{command[0]} listens')
        yield process
    finally:
        process.kill()
        process.wait()


def take(file, count):
    while count > 0:
        data = os.read(file, 1 << 20)
        assert data, f'{count} bytes are missing'
        count -= len(data)


def stream(arguments, kind, gateway, client):
    """Seconds of (client, gateway) for a GB."""
    target = Target(kind, arguments.bytes)
    port = free_port()
    with running(gateway(port, target.port), port) as server:
        # Its end stays open: wsnc loses its last bytes at an end of the input.
        source = subprocess.Popen(['sh', '-c', f'head -c {arguments.bytes} /dev/zero; exec sleep 600'], stdout=subprocess.PIPE)
        stdin = source.stdout if kind == 'sink' else subprocess.PIPE
        process = subprocess.Popen(client(port), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            if kind == 'sink':
                assert target.done.wait(WAIT), f'only {target.received} bytes came through'
            else:
                take(process.stdout.fileno(), arguments.bytes)
            seconds = machine.cpu_seconds(process.pid), machine.cpu_seconds(server.pid)
        finally:
            for each in process, source:
                each.kill()
                each.wait()
    return [each * 1e9 / arguments.bytes for each in seconds]


def contenders(wsluice, script):
    def websockify(port, target):
        return ['websockify', f'127.0.0.1:{port}', f'127.0.0.1:{target}']

    return {
        'wsluice': (lambda port, target: [wsluice, '--workers', '1', f'127.0.0.1:{port}', f'127.0.0.1:{target}'],
                    lambda port: [wsluice, 'connect', f'ws://127.0.0.1:{port}/']),
        'wsnc': (websockify, lambda port: ['node', str(ROOT / 'tests/e2e/node_modules/wsnc/cmd.js'),
                                           f'ws://127.0.0.1:{port}/']),
        'python': (websockify, lambda port: ['/usr/bin/python3', script, f'ws://127.0.0.1:{port}/']),
    }


def forward_ratio(arguments):
    """The processor time of `forward` over that of the gateway, for the same bytes."""
    target = Target('sink', arguments.bytes)
    port, local = free_port(), free_port()
    gateway = [arguments.wsluice, '--workers', '1', f'127.0.0.1:{port}', f'127.0.0.1:{target.port}']
    near = [arguments.wsluice, 'forward', f'127.0.0.1:{local}', f'ws://127.0.0.1:{port}/']
    with running(gateway, port) as server, running(near, local) as forward:
        with socket.create_connection(('127.0.0.1', local)) as client:
            block, left = bytes(1 << 20), arguments.bytes
            while left > 0:
                left -= client.send(block[:left])
            assert target.done.wait(WAIT), f'only {target.received} bytes came through'
        return machine.cpu_seconds(forward.pid) / machine.cpu_seconds(server.pid)


def round_trips(send, receive, count=2000):
    times = []
    for _ in range(count):
        before = time.perf_counter()
        send()
        receive()
        times.append(time.perf_counter() - before)
    return statistics.median(times) * 1e6


def keystrokes(arguments):
    """Microseconds through the gateway alone, and through connect and the gateway."""
    target, port = Target('echo'), free_port()
    gateway = [arguments.wsluice, '--workers', '1', f'127.0.0.1:{port}', f'127.0.0.1:{target.port}']
    with running(gateway, port):
        with socket.create_connection(('127.0.0.1', port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(request('/'))
            until(lambda: client.recv(4096).endswith(b'\r\n\r\n'), 'the answer')
            alone = round_trips(lambda: client.sendall(b'\x82\x81\0\0\0\0k'), lambda: client.recv(64))
        client = [arguments.wsluice, 'connect', f'ws://127.0.0.1:{port}/']
        with running(client, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            into, out = process.stdin.fileno(), process.stdout.fileno()
            both = round_trips(lambda: os.write(into, b'k'), lambda: os.read(out, 64))
    return alone, both


def resident_kib(pid):
    for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1])
    raise LookupError('VmRSS')


def idle_memory(arguments, folder):
    """KiB of an idle connect, without TLS and with."""
    target, found = Target('echo'), []
    certs = Certs(folder)
    for scheme, more, options in (('ws', [], []), ('wss', ['--cert', certs.ec, '--key', certs.ec_key], ['--ca', certs.ca])):
        port = free_port()
        gateway = [arguments.wsluice, *more, f'127.0.0.1:{port}', f'127.0.0.1:{target.port}']
        client = [arguments.wsluice, 'connect', *options, f'{scheme}://localhost:{port}/']
        with running(gateway, port), running(client, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            os.write(process.stdin.fileno(), b'k')
            os.read(process.stdout.fileno(), 1)
            time.sleep(2)  # it gives memory back when it rests
            found.append(resident_kib(process.pid))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--wsluice', default=str(ROOT / 'build/wsluice'))
    parser.add_argument('--bytes', type=int, default=1_000_000_000)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--contenders', default='wsluice,wsnc,python')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / 'client.py'
        script.write_text(PYTHON_CLIENT)
        those = contenders(arguments.wsluice, script)
        for kind, name in (('sink', 'up'), ('source', 'down')):
            for each in arguments.contenders.split(','):
                runs = [stream(arguments, kind, *those[each]) for _ in range(arguments.rounds)]
                client, gateway = (statistics.median(run[i] for run in runs) for i in (0, 1))
                print(f'{name:5} {each:8} {client + gateway:6.2f} s/GB: client {client:.2f}, gateway {gateway:.2f}', flush=True)
        ratio = statistics.median(forward_ratio(arguments) for _ in range(arguments.rounds))
        print(f'forward costs {ratio:.2f} x its gateway')
        alone, both = keystrokes(arguments)
        print(f'round trip of a byte: gateway {alone:.0f} us, connect and gateway {both:.0f} us: {both / alone:.2f} x')
        plain, sealed = idle_memory(arguments, pathlib.Path(folder))
        print(f'idle connect: {plain} KiB, over TLS {sealed} KiB')


if __name__ == '__main__':
    main()
