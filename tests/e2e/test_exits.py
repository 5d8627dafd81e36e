"""How the process begins and ends when its surroundings are not as they should be."""
import os
import signal
import socket
import subprocess

import pytest
from lab import BINARY, elapsed
from targets import hold
from wire import time_passes, until


def close_standard_descriptors():
    for number in range(3):
        os.close(number)


# ---- started with standard input, output and error closed ----

@pytest.mark.parametrize('workers', [1, 2])
def test_closed_standard_descriptors(lab, workers, tmp_path):
    """A log line must not end up in a socket or in one of libuv's pipes that got the number 2."""
    target, path = lab.target(), tmp_path / 'bridge.sock'
    process = lab.spawn(BINARY, f'--workers={workers}', f'--unix-listen={path}', f'127.0.0.1:{target.port}',
                        close_fds=False, preexec_fn=close_standard_descriptors)
    until(path.exists, 'the socket')
    names = [os.readlink(f'/proc/{process.pid}/fd/{number}') for number in range(3)]
    assert names == ['/dev/null'] * 3
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_connect_with_closed_output(lab):
    """What the server sends must not get lost in /dev/null with status 0."""
    process = subprocess.Popen([BINARY, 'connect', f'ws://127.0.0.1:{lab.target().port}/'], close_fds=False, stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert process.communicate(timeout=10) == (None, b'wsluice: standard output is closed\n')
    assert process.returncode == 1


def leaves_while_it_dials(lab, stdin, stdout, leave):
    target = lab.target(hold)
    process = lab.spawn(BINARY, 'connect', '--connect-timeout=1h', f'ws://127.0.0.1:{target.port}/', stdin=stdin,
                        stdout=stdout, stderr=subprocess.PIPE)
    target.connection()
    leave(process)
    assert process.wait(10) == 1
    assert process.stderr.read() == b'wsluice: standard input or output failed: Broken pipe\n'


def test_connect_whose_reader_leaves_while_it_dials(lab):
    leaves_while_it_dials(lab, subprocess.PIPE, subprocess.PIPE, lambda process: process.stdout.close())


@pytest.mark.parametrize('both', [True, False])
def test_connect_whose_reader_leaves_a_socket_while_it_dials(lab, both):
    """Standard output alone is a socket, or it is the same one as standard input, which ends first."""
    ours, theirs = socket.socketpair()

    def leave(_):
        theirs.close()
        ours.shutdown(socket.SHUT_WR)
        ours.close()
    with theirs:
        leaves_while_it_dials(lab, theirs if both else subprocess.PIPE, theirs, leave)


def connected(lab):
    """`connect` to a bridge whose target echoes, after the first byte."""
    bridge, _ = lab.start_echo()
    process = lab.spawn(BINARY, 'connect', f'ws://127.0.0.1:{bridge.port}/', stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, bufsize=0)
    process.stdin.write(b'x')
    assert process.stdout.read(1) == b'x'
    return process


def test_connect_whose_program_ends(lab):
    """It closes one pipe before the other, as ssh does: an end in good order, of which nothing is said."""
    process = connected(lab)
    process.stdout.close()
    time_passes(0.03)
    process.stdin.close()
    assert process.wait(10) == 0
    assert process.stderr.read() == b''


def test_connect_whose_reader_leaves_alone(lab):
    process = connected(lab)
    process.stdout.close()
    assert process.wait(10) == 1
    assert process.stderr.read() == b'wsluice: standard input or output failed: Broken pipe\n'
    process.stdin.close()


def test_daemon_with_closed_standard_descriptors(tmp_path):
    path = tmp_path / 'bridge.sock'
    launcher = subprocess.Popen([BINARY, '-D', f'--unix-listen={path}', '127.0.0.1:1'], close_fds=False,
                                preexec_fn=close_standard_descriptors)
    assert launcher.wait(10) == 0
    assert path.exists()
    found = subprocess.run(['pgrep', '-f', f'unix-listen={path}'], capture_output=True, text=True, check=True)
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGTERM)
    until(lambda: not path.exists(), 'the end of the background process')


# ---- a resolver that does not answer ----

HANGING_RESOLVER = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    if (host && strcmp(host, "hangs.test") == 0)
        for (unsigned left = 60; left > 0;)
            left = sleep(left); /* a signal cuts it short */
    return ((lookup *)dlsym(RTLD_NEXT, "getaddrinfo"))(host, service, hints, list);
}
'''


@pytest.fixture(scope='module')
def hanging_resolver(tmp_path_factory):
    folder = tmp_path_factory.mktemp('resolver')
    (folder / 'hang.c').write_text(HANGING_RESOLVER)
    subprocess.run(['cc', '-shared', '-fPIC', '-o', folder / 'hang.so', folder / 'hang.c'], check=True)
    return folder / 'hang.so'


@pytest.mark.usefixtures('preloads')
@pytest.mark.parametrize('workers', [1, 2])
def test_the_end_does_not_wait_for_a_look_up(lab, sanitized, hanging_resolver, workers):
    if sanitized:
        pytest.skip('a sanitizer has to be the first library')
    bridge = lab.start(f'--workers={workers}', '127.0.0.1:0', 'hangs.test:80',
                       env={'LD_PRELOAD': str(hanging_resolver)})
    client = lab.open(bridge)
    bridge.signal(signal.SIGTERM)
    client.end()
    assert elapsed(lambda: bridge.wait(15)) < 3
    assert bridge.process.returncode == 0
