"""Recordings in websockify's format, and the marks of --traffic."""
import json
import os
import signal
import stat
import subprocess

import gateway
import pytest
from processes import upgrade
from targets import hold, source
from wire import BINARY, WAIT, frame, pattern, time_passes, until

# A JavaScript engine reads the file, as noVNC's playback does.
READER = """
const entries = new Function(require('fs').readFileSync(process.argv[1], 'latin1') + '; return VNC_frame_data')();
console.log(JSON.stringify(entries.map(entry => Buffer.from(entry, 'latin1').toString('hex'))));
"""


def played(path):
    """A recording: [(from_client, milliseconds, payload)], complete."""
    out = subprocess.run(['node', '-e', READER, str(path)], capture_output=True, text=True, check=True).stdout
    *entries, last = (bytes.fromhex(entry) for entry in json.loads(out))
    assert last == b'EOF'
    found = []
    for entry in entries:
        mark = entry[:1]
        time_, payload = entry[1:].split(mark, 1)
        assert mark in b'{}' and time_.isdigit()
        found.append((mark == b'}', int(time_), payload))
    return found


def complete(path):
    return until(lambda: path.exists() and path.read_bytes().endswith(b"'EOF'];\n") and played(path),
                 lambda: f'{path.parent}: {os.listdir(path.parent)}')


def heard(recording, from_client):
    return b''.join(payload for mine, _, payload in recording if mine == from_client)


def test_both_directions_byte_for_byte(lab, tmp_path):
    every = bytes(range(256)) + b"'EOF'];\\\r\n\xe2\x80\xa8</script>"
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec')
    client = lab.open(bridge).binary(b'hello')
    assert client.data(5) == b'hello'
    time_passes(0.15)
    client.binary(every)
    assert client.data(len(every)) == every
    client.bye()
    recording = complete(tmp_path / 'rec.1')
    assert heard(recording, True) == heard(recording, False) == b'hello' + every
    times = [time_ for _, time_, _ in recording]
    assert times == sorted(times) and times[-1] - times[0] >= 100 and times[-1] < 10000
    assert stat.S_IMODE((tmp_path / 'rec.1').stat().st_mode) == 0o600


def test_one_file_per_session_by_the_number_of_its_connection(lab, tmp_path):
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec')
    lab.open(bridge).binary(b'one').data(3)
    gateway.get(lab, bridge)
    lab.open(bridge).binary(b'three').data(5)
    for client in lab.clients[:1] + lab.clients[2:]:
        client.bye()
    assert heard(complete(tmp_path / 'rec.1'), True) == b'one'
    assert heard(complete(tmp_path / 'rec.3'), True) == b'three'
    assert not (tmp_path / 'rec.2').exists()


def test_what_exists_is_left_alone(lab, tmp_path):
    precious = tmp_path / 'precious'
    precious.write_text('mine')
    (tmp_path / 'rec.1').symlink_to(precious)
    (tmp_path / 'rec.2').write_text('yesterday')
    (tmp_path / 'rec.3').symlink_to(tmp_path / 'nowhere')
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec')
    for number, text in ((4, b'first'), (5, b'second')):
        lab.open(bridge).binary(text).bye()
        assert heard(complete(tmp_path / f'rec.{number}'), True) == text
    assert precious.read_text() == 'mine' and (tmp_path / 'rec.2').read_text() == 'yesterday'
    assert not (tmp_path / 'nowhere').exists()


def test_a_process_that_takes_over_leaves_the_recordings_of_the_first(lab, tmp_path):
    """It counts from one again, beside a session that is still being recorded."""
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec')
    old = lab.open(bridge).binary(b'old')
    assert old.data(3) == b'old'
    successor = upgrade(lab, bridge)
    lab.open(bridge).binary(b'new').bye()
    assert heard(complete(tmp_path / 'rec.2'), True) == b'new'
    old.binary(b'er').data(2)
    old.bye()
    assert heard(complete(tmp_path / 'rec.1'), True) == b'older'
    assert bridge.process.wait(WAIT) == 0
    successor.stop()


def test_a_relative_path_is_one_from_the_start_directory(lab, tmp_path):
    bridge, _ = lab.start_echo('--record', 'rec', cwd=tmp_path)
    lab.open(bridge).binary(b'x').bye()
    complete(tmp_path / 'rec.1')


def test_a_route_of_the_gateway(lab, tmp_path):
    target = lab.target()
    bridge = gateway.start(lab, [{'path': '/taped', 'target': gateway.there(target), 'record': str(tmp_path / 'rec')},
                                 {'path': '/live', 'target': gateway.there(target)}])
    for path in ('/live', '/taped'):
        client = lab.open(bridge.endpoints[0], upgrade={'path': path}).binary(b'x')
        assert client.data(1) == b'x'
        client.bye()
    complete(tmp_path / 'rec.2')
    assert not (tmp_path / 'rec.1').exists()


@pytest.mark.threads
@pytest.mark.parametrize('workers', [1, 2])
def test_complete_at_the_end_of_the_process(lab, tmp_path, workers):
    data = pattern(3 << 20)
    bridge, _ = lab.start_echo(f'--workers={workers}', '--drain-timeout=2s', f'--record={tmp_path}/rec',
                               handler=source(data, then='hold'))
    clients = [lab.open(bridge) for _ in range(4)]
    assert all(client.data(len(data)) == data for client in clients)
    bridge.signal(signal.SIGTERM)
    for client in clients[:2]:
        client.end()
    assert bridge.wait() == 0
    for number in range(1, 5):
        assert heard(complete(tmp_path / f'rec.{number}'), False) == data


def test_complete_when_sessions_are_killed(lab, tmp_path):
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec', handler=hold)
    lab.open(bridge).binary(b'kept')
    until(lambda: (tmp_path / 'rec.1').exists() and b'kept' in (tmp_path / 'rec.1').read_bytes(), 'the recording')
    bridge.signal(signal.SIGTERM)
    until(lambda: 'waiting for sessions' in bridge.text, lambda: bridge.text)
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    assert heard(complete(tmp_path / 'rec.1'), True) == b'kept'


def test_it_comes_through_whole_however_fast(lab, tmp_path, sanitized):
    data = pattern((4 if sanitized else 64) << 20)
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec', handler=source(data))
    before = bridge.memory()
    assert lab.open(bridge).end()[0] == data
    assert heard(complete(tmp_path / 'rec.1'), False) == data
    if not sanitized and 'WSLUICE_EMULATED' not in os.environ:  # qemu has memory of its own
        assert bridge.memory() - before < 16 << 20


# ---- what goes wrong ends the recording, and not the session ----

def test_a_folder_that_is_not_there(lab, tmp_path):
    bridge, _ = lab.start_echo(f'--record={tmp_path}/none/rec')
    client = lab.open(bridge)
    for _ in range(3):
        assert client.binary(b'on we go').data(8) == b'on we go'
    client.bye()
    until(lambda: f'{tmp_path}/none/rec.1' in bridge.text, lambda: bridge.text)
    assert bridge.text.count('has stopped') == 1


def test_a_file_that_cannot_grow(lab, tmp_path):
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec', file_size=65536)
    client = lab.open(bridge)
    data = pattern(1 << 20)
    for _ in range(3):
        client.send_while_reading(frame(BINARY, data))
        assert client.data(len(data)) == data
    client.bye()
    until(lambda: 'has stopped' in bridge.text, lambda: bridge.text)
    assert bridge.text.count('has stopped') == 1
    assert (tmp_path / 'rec.1').stat().st_size == 65536


HANGING_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t write(int fd, const void *bytes, size_t length)
{
    char link[64], name[4096];
    ssize_t (*next)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof(name) - 1);
    name[n > 0 ? n : 0] = 0;
    while (strstr(name, "/rec.1"))
        pause();
    return next(fd, bytes, length);
}
"""


@pytest.mark.release_only
@pytest.mark.usefixtures('preloads')
@pytest.mark.parametrize('workers', [1, 2])
def test_a_disk_that_hangs_does_not_keep_the_process(lab, tmp_path, workers):
    """Not after the second signal, as it does not after the time to drain."""
    (tmp_path / 'disk.c').write_text(HANGING_DISK)
    subprocess.run(['cc', '-shared', '-fPIC', '-o', tmp_path / 'disk.so', tmp_path / 'disk.c', '-ldl'], check=True)
    bridge, _ = lab.start_echo(f'--workers={workers}', f'--record={tmp_path}/rec',
                               env={'LD_PRELOAD': str(tmp_path / 'disk.so')})
    client = lab.open(bridge).binary(b'on we go')
    assert client.data(8) == b'on we go'
    bridge.signal(signal.SIGTERM)
    client.end()
    until(lambda: 'waiting for sessions' in bridge.text, lambda: bridge.text)
    assert bridge.process.poll() is None
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    bridge.says('recordings: 1 are incomplete')


# ---- marks ----

def test_traffic(lab):
    bridge, _ = lab.start_echo('--traffic', stdout=subprocess.PIPE)
    client = lab.open(bridge)
    for _ in range(3):
        assert client.binary(b'x').data(1) == b'x'
    client.bye()
    bridge.signal(signal.SIGTERM)
    out = bridge.process.stdout.read().decode()
    assert bridge.wait() == 0
    legend, marks = out.rstrip('\n').rsplit('\n', 1)
    assert all(mark in legend for mark in ('}', '}.', '{', '>', '.>', '<', '<.'))
    assert marks == '}>{<' * 3


def test_marks_of_what_is_only_partly_taken(lab):
    bridge, _ = lab.start_echo('--traffic', stdout=subprocess.PIPE, handler=source(pattern(32 << 20)))
    client = lab.open(bridge, receive_buffer=4096)
    bridge.rests()
    assert client.end()[0] == pattern(32 << 20)
    bridge.signal(signal.SIGTERM)
    out = bridge.process.stdout.read().decode()
    assert '{<.' in out


def test_marks_that_nobody_reads_hold_up_nobody(lab):
    bridge, _ = lab.start_echo('--traffic', stdout=subprocess.PIPE)
    client = lab.open(bridge)
    for _ in range(20000):
        client.binary(b'x')
        assert client.data(1) == b'x'
    client.bye()
