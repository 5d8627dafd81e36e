"""Listening on a socket that the process was started with: --inetd, and fd:N in a file."""
import os
import socket
import subprocess

import gateway
import pytest
from lab import BINARY, run
from processes import listening_inodes, upgrade
from targets import listening
from wire import WAIT, until


def start(lab, sock, *arguments, **how):
    """As inetd does with 'wait': the listening socket is standard input, and nobody else keeps it."""
    target = lab.target()
    bridge = lab.start('--inetd', *arguments, f'127.0.0.1:{target.port}', stdin=sock, **how)
    sock.close()
    return bridge


@pytest.mark.parametrize('workers', [1, 2])
def test_tcp(lab, workers):
    sock = listening()
    port = sock.getsockname()[1]
    bridge = start(lab, sock, f'--workers={workers}')
    assert bridge.port == port
    for text in (b'one', b'two'):
        client = lab.open(bridge).binary(text)
        assert client.data(3) == text
        client.bye()


def test_unix(lab, tmp_path):
    """The file is not ours to remove."""
    path = tmp_path / 'listen.sock'
    bridge = start(lab, listening(socket.AF_UNIX, str(path)))
    assert bridge.address == f'unix:{path}'
    lab.open(bridge).binary(b'x').bye()
    bridge.signal(15)
    assert bridge.wait() == 0
    assert path.exists()


def test_nothing_of_it_stays_on_standard_input(lab):
    """Otherwise it would be open after the listener has closed, and clients would hang."""
    sock = listening()
    bridge = start(lab, sock, '--timeout=1')
    assert os.readlink(f'/proc/{bridge.pid}/fd/0') == '/dev/null'
    client = lab.open(bridge)

    def closed():
        try:
            socket.create_connection(('127.0.0.1', bridge.port), 1).close()
            return False
        except ConnectionRefusedError:
            return True
    until(closed, 'a closed listener')
    client.bye()
    assert bridge.wait() == 0


def test_a_process_that_takes_over_has_it_too(lab):
    bridge = start(lab, listening())
    inode = listening_inodes(bridge.pid)[bridge.port]
    successor = upgrade(lab, bridge)
    assert listening_inodes(successor.pid) == {bridge.port: inode}
    lab.open(bridge).binary(b'x').bye()
    assert bridge.process.wait(WAIT) == 0
    successor.stop()


def test_a_number_in_a_file(lab):
    sock, target = listening(), lab.target()
    number = sock.fileno()
    path = gateway.write(lab.folder / 'gateway.yaml', {
        'listeners': [{'address': f'fd:{number}'}],
        'routes': [{'path': '/', 'target': gateway.there(target)}]})
    bridge = lab.start('--config', path, pass_fds=[number])
    sock.close()
    client = lab.open(bridge)
    bridge.signal(1)
    until(lambda: 'was read again' in bridge.text, lambda: bridge.text)
    lab.open(bridge).bye()
    client.bye()


@pytest.mark.parametrize('stdin', [subprocess.DEVNULL, subprocess.PIPE])
def test_no_listening_socket(stdin):
    process = subprocess.run([BINARY, '--inetd', 'localhost:9'], stdin=stdin, capture_output=True, text=True,
                             timeout=15, check=False)
    assert process.returncode == 1
    assert 'fd:0' in process.stderr and 'listening socket' in process.stderr


def test_a_connection_is_none_either():
    """inetd with 'nowait' hands over a connection."""
    ours, theirs = socket.socketpair()
    process = subprocess.run([BINARY, '--inetd', 'localhost:9'], stdin=theirs, capture_output=True, text=True,
                             timeout=15, check=False)
    ours.close()
    theirs.close()
    assert process.returncode == 1 and "'wait'" in process.stderr


def test_not_in_the_background():
    status, _, error = run('--inetd', '-D', 'localhost:9')
    assert status == 2 and '--daemon' in error


def test_it_takes_no_listen_address():
    status, _, error = run('--inetd', '6080', 'localhost:9')
    assert status == 2 and 'Too many arguments' in error


def test_as_a_file():
    status, out, error = run('--inetd', '--print-config', 'localhost:9')
    assert (status, error) == (0, '') and 'fd:0' in out
