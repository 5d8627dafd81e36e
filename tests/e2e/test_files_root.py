"""No way out of a files root: each attempt gets 400 or 404, and nothing from outside."""
import contextlib
import errno
import os
import socket
import stat
import threading
import time

import pytest
from browse import WHOLE, get, make_site, visit
from gateway import start
from lab import BINARY, run

OUT = 'secret'  # lies beside the root

TRIES = [
    # up, plainly
    '/../secret', '/..', '/../', '/./../secret', '/core/../../secret', '/core/..', '/core/../', '/.', '/./', '/core/.',
    '/core/./note.txt', '/../../../../../../etc/passwd', '/core/../core/note.txt', '//../secret', '/core//../../secret',
    # up, escaped
    '/%2e%2e/secret', '/%2E%2E/secret', '/.%2e/secret', '/%2e./secret', '/%2e%2e%2fsecret', '/..%2fsecret',
    '/..%2Fsecret', '/core/%2e%2e/%2e%2e/secret', '/%2e', '/%2e%2e', '/core%2f..%2f..%2fsecret', '/%2fetc%2fpasswd',
    '/core%2fnote.txt',
    # up, escaped twice and worse
    '/%252e%252e/secret', '/%252e%252e%252fsecret', '/..%252fsecret', '/%25252e%25252e/secret', '/%c0%ae%c0%ae/secret',
    '/%c0%ae%c0%ae%c0%afsecret', '/%e0%80%ae%e0%80%ae/secret', '/%f0%80%80%ae%f0%80%80%ae/secret',
    '/%uff0e%uff0e/secret', '/%u002e%u002e/secret', '/%ef%bc%8e%ef%bc%8e/secret', '/..%c0%afsecret', '/%2%65%2e/secret',
    '/%%32%65%%32%65/secret', '/..%ff/secret',
    # other slashes, and what other servers cut off
    '/..\\secret', '/..%5csecret', '/..%5C..%5Csecret', '/core\\note.txt', '/core%5cnote.txt', '\\..\\secret',
    '/..;/secret', '/..;x=1/secret', '/core/..;/..;/secret', '/;/../secret', '/.;/secret', '/...', '/.../secret',
    '/....//secret', '/.. /secret', '/..%20/secret', '/..%09/secret', '/%20../secret',
    # ends of names
    '/vnc.html%00', '/vnc.html%00.js', '/%00', '/../secret%00.html', '/vnc.html%0a', '/vnc.html%0d%0aX:%20y',
    '/vnc.html%20', '/vnc.html.', '/vnc.html/', '/vnc.html/.', '/vnc.html/..', '/vnc.html//', '/vnc.html/index.html',
    '/vnc.html%2f', '/vnc.html::$DATA', '/vnc.html~', '/vnc.html%7f', '/VNC.html', '/vnc.HTML', '/Core/note.txt',
    # absolute, and other forms
    '//etc/passwd', '/etc/passwd', '///etc/passwd', '/proc/self/root/etc/passwd', 'http://localhost/../secret',
    'http://localhost/%2e%2e/secret', 'http://localhost//etc/passwd', 'http://localhost/.git/config',
    '/http://localhost/secret', '/file:///etc/passwd', 'file:///etc/passwd', '/C:/secret', 'secret', '../secret',
    '*', '?', '/nothing', '/~root/', '/@/etc/passwd',
    # names with a dot in front
    '/.hidden', '/%2ehidden', '/.git/config', '/.git/', '/%2egit/config', '/core/../.hidden', '/.hidden/', '/..hidden',
    # links and what is no file
    '/out', '/absolute', '/yard/', '/yard', '/yard/index.html', '/yard/../secret', '/passwd', '/loop', '/loop/x',
    '/dangling', '/proc/etc/passwd', '/proc/', '/proc', '/through', '/fd', '/inner/', '/inner/..', '/fifo', '/socket',
    '/device', '/zero', '/fifo/', '/unreadable',
    # length
    '/' + 'a' * 300, '/' + 'a/' * 2500, '/' + '%61' * 300, '/' + 'core/../' * 300 + 'note.txt', '/' + 'core/' * 800,
]


@pytest.fixture
def root(tmp_path):
    folder = make_site(tmp_path)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as sock:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path is short
        sock.bind('socket')
        os.chdir(here)
    with contextlib.suppress(PermissionError):
        os.mknod(folder / 'device', 0o666 | stat.S_IFCHR, os.makedev(5, 2))
        os.mknod(folder / 'zero', 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    if os.geteuid() != 0:
        (folder / 'unreadable').write_text('SECRET')
        (folder / 'unreadable').chmod(0)
    return folder


def check(answer, path):
    assert answer.status in (400, 404), f'{path}: {answer.status} {answer.body[:100]!r}'
    for word in (b'SECRET', b'root:', b'<title>'):
        assert word not in answer.body, f'{path}: {answer.body[:100]!r}'


def test_there_are_enough():
    assert len(TRIES) == len(set(TRIES)) >= 60


@pytest.mark.parametrize('route, prefix', (('/*', ''), ('/novnc/*', '/novnc')))
@pytest.mark.parametrize('files', ({}, {'listing': True}, {'fallback': 'index.html'}))
def test_no_way_out(lab, root, route, prefix, files):
    bridge = start(lab, [{'path': route, 'files': {'root': str(root), **files}}])
    for path in TRIES:
        absolute = path.replace('http://localhost/', f'http://localhost{prefix}/')
        sent = prefix + path if path.startswith('/') else absolute
        check(get(lab, bridge.endpoints[0], sent), sent)
    assert get(lab, bridge.endpoints[0], f'{prefix}/core/note.txt').body == b'note'


def test_no_way_out_for_the_name_of_the_prefix(lab, root):
    os.rename(root, root.parent / 'novnc')
    bridge = start(lab, [{'path': '/novnc/*', 'files': str(root.parent / 'novnc')}])
    for path in ('/novnc../secret', '/novnc..%2fsecret', '/novnc%2f..%2fsecret', '/novnc;/secret',
                 '/novnc/../novnc/core/note.txt', '/novncx/core/note.txt', '/NOVNC/core/note.txt'):
        check(get(lab, bridge.endpoints[0], path), path)


def test_no_way_out_on_the_quick_command_line(lab, root):
    bridge = lab.start('--web', root, target=lab.target())
    for path in TRIES:
        check(get(lab, bridge, path), path)


WITHOUT_OPENAT2 = """#!/usr/bin/python3
import ctypes, os, struct, sys
def line(code, jt, jf, k): return struct.pack('HBBI', code, jt, jf, k)
program = (line(0x20, 0, 0, 0) + line(0x15, 0, 1, 437) + line(0x06, 0, 0, 0x00050000 | %d)
           + line(0x06, 0, 0, 0x7fff0000))  # number; openat2? an error; all else is allowed
code = ctypes.create_string_buffer(program)
filter = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 4, ctypes.addressof(code)))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter, 0, 0) == 0
os.execv(%r, [%r] + sys.argv[1:])
"""


@pytest.mark.parametrize('error', (errno.EPERM, errno.ENOSYS))
def test_no_way_out_where_the_kernel_does_not_help(lab, root, error):
    """A container's filter, or Linux before 5.6."""
    launcher = root.parent / 'without-openat2'
    launcher.write_text(WITHOUT_OPENAT2 % (error, BINARY, BINARY))
    launcher.chmod(0o755)
    bridge = lab.start('--web', root, target=lab.target(), binary=str(launcher))
    for path in TRIES:
        check(get(lab, bridge, path), path)
    assert get(lab, bridge, '/inner').body == b'note'
    assert get(lab, bridge, '/core/note.txt').body == b'note'
    assert get(lab, bridge, '/').body == (root / 'index.html').read_bytes()


def test_hidden_names_only_on_request(lab, root):
    bridge = start(lab, [{'path': '/*', 'files': {'root': str(root), 'hidden': True}}])
    assert get(lab, bridge.endpoints[0], '/.hidden').status == 200
    assert get(lab, bridge.endpoints[0], '/.git/config').status == 200
    for path in ('/..', '/.', '/%2e%2e/secret', '/..hidden', '/out', '/...', '/.git/../../secret'):
        check(get(lab, bridge.endpoints[0], path), path)


def test_a_fallback_is_below_the_root_as_well(lab, root):
    for fallback in ('../secret', 'out', '/etc/passwd', 'fifo', 'core', '../outside/index.html'):
        bridge = start(lab, [{'path': '/*', 'files': {'root': str(root), 'fallback': fallback}}])
        check(get(lab, bridge.endpoints[0], '/page', fields={'Accept': WHOLE}), fallback)


def test_a_fifo_holds_nobody_up(lab, root):
    endpoint = start(lab, [{'path': '/*', 'files': str(root)}], workers=1).endpoints[0]
    browsers = [visit(lab, endpoint) for _ in range(20)]
    began = time.monotonic()
    for browser in browsers:
        browser.send('/fifo')
    assert get(lab, endpoint, '/core/note.txt').body == b'note'
    assert all(browser.hear().status == 404 for browser in browsers)
    assert time.monotonic() - began < 5
    for browser in browsers:
        browser.client.hang_up()


def swing(root, stop):
    """Now "swing" is a folder of the root, now it leads out of it; and so does the file in it."""
    inside, kept, outside = root / 'swing', root / 'kept', root.parent / 'outside'
    while not stop.is_set():
        inside.rename(kept)
        inside.symlink_to('../outside')
        inside.unlink()
        kept.rename(inside)
        (inside / 'index.html').rename(inside / 'moved')
        (inside / 'index.html').symlink_to('../../outside/index.html')
        (inside / 'index.html').unlink()
        (inside / 'moved').rename(inside / 'index.html')
        (inside / 'deep').rename(outside / 'deep')
        (outside / 'deep').rename(inside / 'deep')


def test_a_race_leaks_nothing(lab, root):
    (root / 'swing/deep').mkdir(parents=True)
    (root / 'swing/index.html').write_text('good')
    (root / 'swing/deep/up').symlink_to('../index.html')
    browser = visit(lab, start(lab, [{'path': '/*', 'files': str(root)}]).endpoints[0])
    stop = threading.Event()
    thread = threading.Thread(target=swing, args=(root, stop))
    thread.start()
    found, end = 0, time.monotonic() + 4
    try:
        while time.monotonic() < end:
            for path in ('/swing/index.html', '/swing/', '/swing/deep/up'):
                answer = browser.ask(path)
                assert answer.status in (200, 404)
                assert answer.status == 404 or answer.body == b'good'
                found += answer.status == 200
    finally:
        stop.set()
        thread.join()
    browser.client.hang_up()
    assert found > 0


def test_check_tells_of_the_root(tmp_path, root):
    file = tmp_path / 'a.yaml'
    for folder, status, words in ((root, 0, f'files {root}: readable'),
                                  (tmp_path / 'nothing', 1, "nothing': No such file or directory")):
        file.write_text(f'listeners: [{{address: "127.0.0.1:0"}}]\nroutes: [{{path: /*, files: {folder}}}]\n')
        got, out, error = run('check', file)
        assert got == status, out + error
        assert words in out + error
