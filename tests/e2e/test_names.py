"""Names of targets when the resolver hangs: a DNS server of ours that answers what a test wants, and nothing else."""
import collections
import itertools
import os
import shutil
import socket
import struct
import subprocess
import threading

import pytest
import targets
from gateway import ANY, write
from lab import BINARY
from wire import WAIT, Client, request, until

CAN_UNSHARE = os.geteuid() == 0 and shutil.which('unshare') and subprocess.run(
    ['unshare', '-m', 'true'], check=False, capture_output=True).returncode == 0
pytestmark = pytest.mark.skipif(not CAN_UNSHARE, reason='only root can give a process a resolv.conf of its own')


NUMBERS = itertools.count(1)


class NameServer:
    """On an address of the loopback that nobody else has; names that begin with "dead" get no answer at all."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f'127.{os.getpid() >> 8 & 63 | 64}.{os.getpid() & 255}.{next(NUMBERS)}'
        self.sock.bind((self.address, 53))
        self.asked, self.held, self.lock, self.holds = collections.Counter(), [], threading.Lock(), True
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, client = self.sock.recvfrom(4096)
            except OSError:
                return
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind, = struct.unpack_from('>H', query, at + 1)
            self.asked['.'.join(labels)] += 1
            question = query[12:at + 5]
            with self.lock:
                if labels[0].startswith('dead') and self.holds:
                    self.held.append((query, question, client))
                elif labels[0].startswith('dead') or kind != 1:
                    self.answer(query, question, client, 3 if labels[0].startswith('dead') else 0)
                else:
                    self.answer(query, question, client, 0, b'\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1')

    def answer(self, query, question, client, code, record=b''):
        head = query[:2] + struct.pack('>HHHHH', 0x8180 | code, 1, 1 if record else 0, 0, 0)
        self.sock.sendto(head + question + record, client)

    def release(self):
        """From now on they do not exist, and those that were asked for do not either."""
        with self.lock:
            self.holds = False
            for query, question, client in self.held:
                self.answer(query, question, client, 3)

    def names(self, prefix):
        return [name for name in list(self.asked) if name.startswith(prefix)]


@pytest.fixture
def dns():
    server = NameServer()
    yield server
    server.release()  # what still hangs holds descriptors of the process; its socket stays for what is asked yet


def start(lab, dns, routes, *, workers):
    """A gateway that asks that server, and waits long enough for no test to see the resolver give up."""
    resolv = lab.folder / 'resolv.conf'
    resolv.write_text(f'nameserver {dns.address}\noptions timeout:30 attempts:1\n')
    config = write(lab.folder / 'gateway.yaml', {'workers': workers, 'listeners': [{'address': ANY}], 'routes': routes})
    inside = lab.folder / 'inside'
    inside.write_text('#!/bin/sh\nexec unshare -m sh -c \'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"\' - '
                      f'{resolv} {BINARY} "$@"\n')
    inside.chmod(0o755)
    return lab.start('--config', config, binary=inside)


def routes(lab):
    port = lab.target(targets.echo).port
    return [{'path': '/desk/{name}', 'captures': {'name': '[a-z0-9]{1,32}'},
             'target': f'tcp://{{name}}.desks.test:{port}', 'connect_timeout': '60s'},
            {'path': '/lab', 'target': f'tcp://lab.test:{port}', 'connect_timeout': '60s'},
            {'path': '/dead', 'target': f'tcp://dead.test:{port}', 'connect_timeout': '60s'}]


def from_address(lab, bridge, address):
    """A client that is somebody else."""
    sock = socket.create_connection(('127.0.0.1', bridge.port), WAIT, (address, 0))
    lab.clients.append(Client(sock))
    return lab.clients[-1]


@pytest.mark.parametrize('workers', (1, 3))
def test_names_of_requests_that_hang_stop_no_configured_one(lab, dns, workers):
    bridge = start(lab, dns, routes(lab), workers=workers)
    crowd = [lab.connect(bridge).send(request(f'/desk/dead{number}')) for number in range(60)]
    until(lambda: len(dns.names('dead')) >= 2, lambda: dns.asked)
    lab.open(bridge, upgrade={'path': '/lab'}).bye()
    # The crowd is one client, and another's names have the rest of the share.
    from_address(lab, bridge, '127.0.0.9').upgrade(path='/desk/good').bye()
    assert len(dns.names('dead')) == 2
    # Look-ups of clients that have left do not start.
    for client in crowd:
        client.reset()
    bridge.session(59, reason='client_reset')
    lab.open(bridge, upgrade={'path': '/lab'}).bye()
    assert len(dns.names('dead')) == 2


def test_a_configured_name_that_hangs_takes_one_thread(lab, dns):
    bridge = start(lab, dns, routes(lab), workers=4)
    for _ in range(40):
        lab.connect(bridge).send(request('/dead'))
    until(lambda: dns.names('dead'), lambda: dns.asked)
    lab.open(bridge, upgrade={'path': '/lab'}).bye()
    lab.open(bridge, upgrade={'path': '/desk/good'}).bye()
    assert dns.asked['dead.test'] <= 2  # A and AAAA
