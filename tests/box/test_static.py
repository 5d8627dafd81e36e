"""The static build, in a root with nothing but the program: names, TLS, size."""
import os
import pathlib
import shutil
import socket
import subprocess
import threading

import pytest
from lab import BINARY

STATIC = pathlib.Path(os.environ.get('WSLUICE_STATIC', pathlib.Path(BINARY).parent.parent / 'static/wsluice'))
RESOLVER = '127.0.0.77'


@pytest.fixture(name='island')
def fixture_island(tmp_path):
    """A command that runs the program in a root without other files."""
    root = tmp_path / 'island'
    (root / 'etc').mkdir(parents=True)
    (root / 'etc/hosts').write_text('127.0.0.1 localhost desk\n')
    (root / 'etc/resolv.conf').write_text(f'nameserver {RESOLVER}\n')
    subprocess.run(['strip', '-o', root / 'wsluice', STATIC], check=True)
    command = tmp_path / 'wsluice'
    command.write_text(f'#!/bin/sh\nexec unshare --root={root} /wsluice "$@"\n')
    command.chmod(0o755)
    return command, root


def answer_names(sock):
    """A DNS server that answers 127.0.0.1 for every name."""
    while True:
        try:
            query, asker = sock.recvfrom(512)
        except OSError:
            return
        end = 12
        while query[end]:
            end += query[end] + 1
        wants_a = query[end + 1:end + 3] == b'\0\1'
        record = b'\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1' if wants_a else b''
        head = query[:2] + b'\x81\x80\0\1\0' + bytes([wants_a]) + bytes(4)
        sock.sendto(head + query[12:end + 5] + record, asker)


@pytest.fixture(name='names', scope='module')
def fixture_names():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((RESOLVER, 53))
    threading.Thread(target=answer_names, args=(sock,), daemon=True).start()
    yield
    sock.close()


def talk(client):
    assert client.binary(b'static').data(6) == b'static'
    client.bye()


def test_needs_no_library(island):
    headers = subprocess.run(['readelf', '-lWd', STATIC], capture_output=True, text=True, check=True).stdout
    assert 'NEEDED' not in headers and 'INTERP' not in headers
    assert 'DYN (' in headers and 'GNU_RELRO' in headers, 'hardened like the other build'
    size = (island[1] / 'wsluice').stat().st_size
    print(f'static: {size / 1e6:.1f} MB')
    assert size <= 12e6


@pytest.mark.usefixtures('names')
@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost', 'desk', 'known.to.dns.example'])
def test_resolves_targets(lab, island, host):
    target = lab.target()
    talk(lab.open(lab.start('127.0.0.1:0', f'{host}:{target.port}', binary=island[0])))


def test_tls_on_both_sides(lab, island, certs):
    command, root = island
    for file in (certs.ca, certs.ec, certs.ec_key):
        shutil.copy(file, root)
    target = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    ours = [f'--cert=/{pathlib.Path(certs.ec).name}', f'--key=/{pathlib.Path(certs.ec_key).name}', '--ssl-target']
    bridge = lab.start(*ours, '127.0.0.1:0', f'localhost:{target.port}', binary=command,
                       env={'SSL_CERT_FILE': f'/{pathlib.Path(certs.ca).name}'})
    talk(lab.open(bridge, context=certs.context()))
