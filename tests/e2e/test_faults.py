"""Each system call and each allocation fails in turn while a client is served: it may lose its session, in good
order, and the next client loses nothing."""
import mmap
import os
import struct
import subprocess

import pytest

from lab import ROOT
from wire import BINARY, close_frame, frame, request

# In the order of tests/lib/failing.c.
FAULTS = ['alloc', 'recv', 'send', 'accept', 'epoll_add', 'socket', 'connect']
ENOUGH = 60  # more calls than one session makes


class Faults:
    """The page through which the bridge is told what fails."""

    def __init__(self, folder):
        self.library, self.path = folder / 'failing.so', folder / 'faults'
        subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu11', '-O1', '-shared', '-fPIC', '-o', self.library,
                        ROOT / 'tests/lib/failing.c', '-ldl'], check=True)
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        with open(self.path, 'r+b') as file:
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.env = {'LD_PRELOAD': str(self.library), 'WSLUICE_FAULTS': str(self.path)}

    def arm(self, fault, call):
        self.page[4:8] = struct.pack('=i', 0)
        self.page[0:4] = struct.pack('=i', FAULTS.index(fault))
        self.page[4:8] = struct.pack('=i', call)

    def disarm(self):
        """True when the fault has happened."""
        happened = struct.unpack('=i', self.page[4:8])[0] <= 0
        self.page[4:8] = struct.pack('=i', 0)
        return happened


def unlucky_session(lab, bridge):
    """Goes as far as it gets; no outcome may take long."""
    client = lab.connect(bridge)
    client.sock.settimeout(8)
    try:
        client.sock.sendall(request() + frame(BINARY, b'hello'))
        client.sock.sendall(close_frame(1000))
        while client.sock.recv(4096):
            pass
    except (ConnectionError, BrokenPipeError):
        pass
    finally:
        client.sock.close()


def good_session(lab, bridge):
    client = lab.open(bridge)
    assert client.binary(b'are you well?').data(13) == b'are you well?'
    client.send(close_frame(1000))
    assert client.close_code() == 1000
    client.sock.close()


@pytest.mark.release_only
@pytest.mark.parametrize('order', ['first', 'after-upgrade'])
@pytest.mark.parametrize('fault', FAULTS)
def test_each_call_fails(lab, tmp_path, fault, order):
    faults = Faults(tmp_path)
    options = ['--close-timeout=1s', *(['--connect=after-upgrade'] if order == 'after-upgrade' else [])]
    bridge, _ = lab.start_echo(*options, env=faults.env)
    good_session(lab, bridge)
    happened = 0
    for call in range(1, ENOUGH):
        faults.arm(fault, call)
        unlucky_session(lab, bridge)
        if not faults.disarm():
            break
        happened += 1
        good_session(lab, bridge)
    assert 0 < happened < ENOUGH - 1
    assert bridge.process.poll() is None
