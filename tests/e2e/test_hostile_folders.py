"""Paths that root acts on, in folders of a lesser user who swaps what lies there for links to root's files.

What the process does by path as root, and the test here:

    socket of a listener: bind, chmod, chown, unlink     test_a_listener, test_a_reload, test_a_stale_socket
    admin socket: the same                               test_an_admin_socket
    log file: open, create, chown, open anew             test_a_log_file
    pid file: unlink, create, chown, remove              test_a_pid_file
    recording: create                                    test_a_link_above_a_recording

Token files and folders of files are opened after the rights are gone.
"""
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile

import pytest
from gateway import ANY, marked, start
from lab import BINARY
from wire import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='only root acts on behalf of others')

NOBODY = pwd.getpwnam('nobody')
ATTEMPTS = 10

# Swaps the name for a link to the canary, and back to what was there, until it is killed.
SWAP = '''
import ctypes, os, sys
folder, name, canary = sys.argv[1:]
os.setgid(int(os.environ['GROUP'])), os.setuid(int(os.environ['USER']))
os.chdir(folder)
rename = ctypes.CDLL(None).renameat2
os.symlink(canary, 'link')
print('ready', flush=True)
while True:
    rename(-100, b'link', -100, name.encode(), 2)  # exchanges the two, if both are there
'''


class Canary:
    """A file of root's that nothing may happen to."""

    def __init__(self, folder):
        self.path = folder / 'canary'
        self.path.write_text('secret\n')
        self.path.chmod(0o600)
        self.before = self.state()

    def state(self):
        found = self.path.stat()
        return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), found.st_nlink, self.path.read_text()

    def check(self):
        assert self.state() == self.before


@pytest.fixture
def place():
    """A folder that root owns, with a canary, and in it one of nobody's; under /tmp, which all may enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='hostile-'))
    folder.chmod(0o755)
    hostile = folder / 'run'
    hostile.mkdir()
    os.chown(hostile, NOBODY.pw_uid, NOBODY.pw_gid)
    yield hostile, Canary(folder)
    shutil.rmtree(folder)


@contextlib.contextmanager
def attack(folder, name, canary):
    with contextlib.suppress(FileNotFoundError):
        (folder / 'link').unlink()
    with subprocess.Popen([sys.executable, '-c', SWAP, folder, name, canary.path], stdout=subprocess.PIPE,
                          env={'USER': str(NOBODY.pw_uid), 'GROUP': str(NOBODY.pw_gid)}) as child:
        assert child.stdout.readline() == b'ready\n'
        try:
            yield
        finally:
            child.kill()


def configure(lab, folder, **process):
    file = folder.parent / 'gateway.yaml'
    listeners = process.pop('listeners', [{'address': ANY}])
    file.write_text(json.dumps({'listeners': listeners, 'routes': [marked('/*', lab.target(), host='localhost')], **process}))
    file.chmod(0o644)
    return file


def live(lab, file, meanwhile=None):
    """Starts, and ends again as soon as it has started or failed. What it said."""
    process = lab.spawn(BINARY, '--config', str(file), stderr=subprocess.PIPE, text=True)
    said = ''
    for line in process.stderr:
        said += line
        if re.search(r'listening on', line):
            if meanwhile:
                meanwhile(process)
            process.send_signal(signal.SIGTERM)
            break
    said += process.stderr.read()
    assert process.wait(15) in (0, 1)
    return said


def attempts(lab, place, name, file, meanwhile=None):
    hostile, canary = place
    with attack(hostile, name, canary):
        for _ in range(ATTEMPTS):
            live(lab, file, meanwhile)
            canary.check()


def listener(hostile, **options):
    return {'address': f'unix:{hostile}/socket', 'socket_mode': '0666', 'socket_owner': 'nobody', **options}


def test_a_listener(lab, place):
    file = configure(lab, place[0], listeners=[listener(place[0])], log={'level': 'info'})
    attempts(lab, place, 'socket', file)


def test_a_link_in_its_place(lab, place):
    """No race at all: what was bound is not what lies there now."""
    hostile, canary = place
    file = configure(lab, hostile, listeners=[listener(hostile)])

    def swap(process):
        (hostile / 'socket').unlink()
        (hostile / 'socket').symlink_to(canary.path)
        file.write_text(file.read_text().replace('0666', '0606').replace('"nobody"', '"root"'))
        process.send_signal(signal.SIGHUP)
        until(lambda: 'another file lies in its place' in process.stderr.readline(), 'a refusal')

    live(lab, file, swap)
    canary.check()
    assert (hostile / 'socket').is_symlink(), 'what is not ours stays'


def test_a_stale_socket(lab, place):
    hostile, canary = place
    file = configure(lab, hostile, listeners=[listener(hostile)])
    (hostile / 'socket').symlink_to(canary.path)
    assert 'not a socket' in live(lab, file)
    canary.check()


def test_a_link_above_a_socket(lab, place):
    hostile, _ = place
    roots = hostile.parent / 'roots'
    roots.mkdir()
    (hostile / 'link').symlink_to(roots)
    said = live(lab, configure(lab, hostile, listeners=[{'address': f'unix:{hostile}/link/socket'}]))
    assert 'a link on this path lies where another user may change it' in said
    assert not list(roots.iterdir()), 'nothing is made where it leads'


def test_a_socket_in_a_hostile_folder(lab, place):
    """It is bound, answers, and is removed at the end, under its own name."""
    hostile, _ = place
    file = configure(lab, hostile, listeners=[listener(hostile)])

    def connect(process):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f'{hostile}/socket')

    live(lab, file, connect)
    assert not list(hostile.iterdir())


def test_a_link_above_a_recording(lab, place):
    hostile, _ = place
    roots = hostile.parent / 'roots'
    roots.mkdir()
    (hostile / 'link').symlink_to(roots)
    route = marked('/*', lab.target(), record=f'{hostile}/link/recording')
    bridge = start(lab, [route], [{'address': ANY}])
    lab.open(bridge.endpoints[0]).hang_up()
    until(lambda: 'another user may change it' in bridge.text, lambda: bridge.text)
    assert not list(roots.iterdir()), 'nothing is made where it leads'


def test_an_admin_socket(lab, place):
    file = configure(lab, place[0], user='nobody', admin=f'{place[0]}/socket')
    attempts(lab, place, 'socket', file)


def test_a_reload(lab, place):
    """chmod and chown again, of a socket that stays."""
    hostile, canary = place
    file = configure(lab, hostile, listeners=[listener(hostile)])

    def reload(process):
        with attack(hostile, 'socket', canary):
            for mode in ('0606', '0666') * 5:
                file.write_text(re.sub(r'06.6', mode, file.read_text()))
                process.send_signal(signal.SIGHUP)
                until(lambda: 'is in use' in process.stderr.readline(), 'a verdict')
                canary.check()

    live(lab, file, reload)
    canary.check()


def test_a_log_file(lab, place):
    file = configure(lab, place[0], user='nobody', log={'file': f'{place[0]}/log'})
    hostile, canary = place
    with attack(hostile, 'log', canary):
        for _ in range(ATTEMPTS):
            process = lab.spawn(BINARY, '--config', str(file), stderr=subprocess.DEVNULL)
            process.send_signal(signal.SIGTERM)
            process.wait(15)
            canary.check()


def test_a_link_for_a_log_file(lab, place):
    hostile, canary = place
    (hostile / 'log').symlink_to(canary.path)
    said = live(lab, configure(lab, hostile, log={'file': f'{hostile}/log'}))
    assert 'a link on this path lies where another user may change it' in said
    canary.check()


def test_a_pid_file(lab, place):
    file = configure(lab, place[0], user='nobody', pid_file=f'{place[0]}/pid')
    attempts(lab, place, 'pid', file)


def test_a_fifo_for_a_pid_file(lab, place):
    """Nobody writes to it: who opened it to read would wait, and the process not end."""
    hostile, canary = place
    file = configure(lab, hostile, pid_file=f'{hostile}/pid')

    def swap(process):
        (hostile / 'pid').unlink()
        os.mkfifo(hostile / 'pid', 0o666)

    live(lab, file, swap)
    canary.check()
    assert (hostile / 'pid').is_fifo(), 'what is not ours stays'
