"""Beyond 2 and 4 GiB, which 32 bits do not hold: files, recordings, logs. All are sparse."""
import ctypes
import os

import pytest
from browse import get
from gateway import ANY, start
from wire import until

GIB = 1 << 30
PIDFD_GETFD = 438  # of system calls, on every machine
MARKS = {0: b'begin', 2 * GIB - 3: b'second', 4 * GIB - 3: b'fourth', 5 * GIB: b'end'}


@pytest.fixture(name='web')
def fixture_web(tmp_path):
    folder = tmp_path / 'web'
    folder.mkdir()
    with open(folder / 'disk.img', 'wb') as file:
        for offset, text in MARKS.items():
            file.seek(offset)
            file.write(text)
    return folder


@pytest.fixture(name='serve', params=['plain', 'tls'])
def fixture_serve(lab, web, certs, request):
    """A function that asks for the file."""
    listener, connection = {'address': ANY}, None
    if request.param == 'tls':
        listener['tls'] = {'certificates': [{'certificate': certs.rsa, 'key': certs.rsa_key}]}
        connection = {'context': certs.context()}
    bridge = start(lab, [{'path': '/*', 'files': {'root': str(web), 'listing': True}}], [listener])
    return lambda path='/disk.img', **how: get(lab, bridge.endpoints[0], path, connection=connection, **how)


def test_its_size(serve):
    assert int(serve(method='HEAD').fields['content-length']) == 5 * GIB + 3
    assert b'5.4 GB' in serve('/').body


def test_parts_at_any_offset(serve):
    for offset, text in MARKS.items():
        end = offset + len(text) - 1
        answer = serve(fields={'Range': f'bytes={offset}-{end}'})
        assert (answer.status, answer.body) == (206, text)
        assert answer.fields['content-range'] == f'bytes {offset}-{end}/{5 * GIB + 3}'
    assert serve(fields={'Range': 'bytes=-3'}).body == b'end'
    assert serve(fields={'Range': f'bytes={5 * GIB}-'}).body == b'end'
    assert serve(fields={'Range': f'bytes={5 * GIB + 3}-'}).status == 416


def descriptor_of(bridge, path):
    """The bridge's own open file, with its offset, as a descriptor of this process."""
    number = next(int(n) for n in os.listdir(f'/proc/{bridge.pid}/fd')
                  if os.readlink(f'/proc/{bridge.pid}/fd/{n}') == str(path))
    process = os.pidfd_open(bridge.pid)
    try:
        file = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, number, 0)
        assert file >= 0, os.strerror(ctypes.get_errno())
        return file
    finally:
        os.close(process)


def test_a_recording_goes_on(lab, tmp_path):
    path = tmp_path / 'rec.1'
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec')
    client = lab.open(bridge)
    assert client.binary(b'before').data(6) == b'before'
    until(lambda: path.exists() and b'before' in path.read_bytes(), 'a recording')
    file = descriptor_of(bridge, path)
    os.lseek(file, 2 * GIB - 3, os.SEEK_SET)
    os.close(file)
    assert client.binary(b'after').data(5) == b'after'
    client.bye()
    bridge.session()

    def is_whole():
        with open(path, 'rb') as recording:
            recording.seek(2 * GIB - 3)
            return b'after' in (text := recording.read()) and text.endswith(b"'EOF'];\n")
    until(is_whole, lambda: f'{path.stat().st_size} bytes, {bridge.text}')


class LogEnd:
    """What comes after the hole in the file."""

    def __init__(self, path):
        self.path = path

    def exists(self):
        return self.path.exists()

    def read_text(self):
        with open(self.path, 'rb') as file:
            file.seek(2 * GIB - 3)
            return file.read().decode()


def test_a_log_goes_on(lab, tmp_path):
    path = tmp_path / 'bridge.log'
    path.write_bytes(b'')
    os.truncate(path, 2 * GIB - 3)
    bridge, _ = lab.start_echo(f'--log-file={path}', logs_to=LogEnd(path))
    lab.open(bridge).binary(b'x').bye()
    until(lambda: 'reason=client_closed' in LogEnd(path).read_text(), 'the session in the log')
