#!/usr/bin/env python3
"""What finding a token costs in Redis: our processor time for a request whose token is unknown, by a source of tokens.

The same request goes to a file of tokens, whose look-up costs next to nothing, and to a redis-server on a Unix socket and over TCP.
Prints the median of the rounds and how much Redis adds to it, in microseconds. Needs redis-server.

usage: lookup.py [--wsluice FILE] [--requests N] [--rounds N]
"""
import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/e2e'))

from ports import free_port, listens  # noqa: E402
from wire import until  # noqa: E402

BAR = 60  # microseconds
REQUEST = ('GET /{} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
           'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')


def ask(port, path, count):
    data = REQUEST.format(path).encode()
    for _ in range(count):
        with socket.create_connection(('127.0.0.1', port)) as client:
            client.sendall(data)
            answer = client.recv(4096)
            assert answer.startswith(b'HTTP/1.1 404 '), answer
            while client.recv(4096):
                pass


def measure(process, port, arguments):
    rounds = {source: [] for source in ('file', 'unix', 'tcp')}
    time.sleep(4)  # a file that has just changed is read at each request
    ask(port, 'file?token=nobody', 1)
    for number in range(arguments.rounds + 1):
        for source, found in rounds.items():
            before = machine.cpu_seconds(process.pid)
            ask(port, f'{source}?token=nobody', arguments.requests)
            if number > 0:  # the first one warms up
                found.append((machine.cpu_seconds(process.pid) - before) * 1e6 / arguments.requests)
    return {source: statistics.median(found) for source, found in rounds.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--wsluice', default=str(ROOT / 'build/wsluice'))
    parser.add_argument('--requests', type=int, default=1000)
    parser.add_argument('--rounds', type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, port, redis_port = pathlib.Path(name), free_port(), free_port()
        (folder / 'tokens').write_text('somebody: 10.0.0.1:1\n')
        sources = {'file': {'file': 'tokens'}, 'unix': {'redis': f'unix:{folder}/redis'},
                   'tcp': {'redis': f'redis://127.0.0.1:{redis_port}'}}
        (folder / 'gateway.yaml').write_text(json.dumps({
            'workers': 1, 'log': {'level': 'error'}, 'listeners': [f'127.0.0.1:{port}'],
            'routes': [{'path': f'/{source}', 'tokens': tokens} for source, tokens in sources.items()]}))
        with open(folder / 'log', 'wb') as log:
            server = subprocess.Popen(['redis-server', '--port', str(redis_port), '--save', '', '--dir', name,
                                       '--unixsocket', str(folder / 'redis')], stdout=log)
            until(lambda: listens(redis_port), 'redis-server listens')
            process = subprocess.Popen([arguments.wsluice, '--config', folder / 'gateway.yaml'], stderr=subprocess.DEVNULL)
            try:
                until(lambda: listens(port), 'wsluice listens')
                result = measure(process, port, arguments)
            finally:
                process.terminate()
                server.terminate()
                process.wait()
                server.wait()
    print(f'a request with a token of a file: {result["file"]:.1f} us of our processor time')
    worst = 0
    for source in ('unix', 'tcp'):
        added = result[source] - result['file']
        worst = max(worst, added)
        print(f'looking it up in Redis ({source}): {added:+.1f} us')
    sys.exit(worst > BAR)


if __name__ == '__main__':
    main()
