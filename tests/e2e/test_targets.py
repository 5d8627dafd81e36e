"""Where a bridge can lead, and what a client hears when it leads nowhere."""
import contextlib
import ctypes
import os
import shutil
import select
import socket
import stat
import time

import pytest
from lab import run
from targets import answer_after_eof, echo, hold, listening, refusing_port, sink
from wire import BINARY, WAIT, frame, request, until


def through(lab, bridge, **how):
    client = lab.open(bridge, **how)
    assert client.binary(b'through').data(7) == b'through'
    return client


@contextlib.contextmanager
def full_port():
    """A listening socket whose backlog is full (a connect to it hangs), and what fills it."""
    with socket.socket() as sock, contextlib.ExitStack() as stack:
        sock.bind(('127.0.0.1', 0))
        sock.listen(0)
        fillers = [stack.enter_context(socket.socket()) for _ in range(8)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        assert select.select([], fillers, [], WAIT)[1], 'the first ones fill the backlog'
        yield sock, fillers


def port_of(sock):
    return sock.getsockname()[1]


def has_ipv6():
    try:
        with listening(socket.AF_INET6, ('::1', 0)):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason='no IPv6 here')


def names_of_localhost():
    return {info[4][0] for info in socket.getaddrinfo('localhost', 1, type=socket.SOCK_STREAM)}


# ---- kinds of targets ----

def test_unix(lab):
    target = lab.unix_target()
    bridge = lab.start(f'--unix-target={target.path}', '127.0.0.1:0')
    through(lab, bridge)


def test_abstract(lab):
    target = lab.unix_target(path=f'@wsluice-test-target-{os.getpid()}')
    bridge = lab.start(f'--unix-target={target.path}', '127.0.0.1:0')
    through(lab, bridge)


@needs_ipv6
def test_ipv6(lab):
    target = lab.target(sock=listening(socket.AF_INET6, ('::1', 0)))
    bridge = lab.start(target=f'[::1]:{target.port}')
    through(lab, bridge)


def test_name(lab):
    target = lab.target()
    bridge = lab.start(target=f'localhost:{target.port}')
    through(lab, bridge)


@needs_ipv6
@pytest.mark.skipif(len(names_of_localhost()) < 2, reason='localhost has one address here')
@pytest.mark.parametrize('family, address', [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')])
def test_name_of_which_only_one_address_answers(lab, family, address):
    target = lab.target(sock=listening(family, (address, 0)))
    bridge = lab.start(target=f'localhost:{target.port}')
    through(lab, bridge)


# ---- kinds of listeners ----

def test_listen_on_unix(lab, tmp_path):
    path, target = tmp_path / 'listen.sock', lab.target()
    bridge = lab.start(f'--unix-listen={path}', f'127.0.0.1:{target.port}')
    assert path.stat().st_mode & 0o777 == 0o600
    through(lab, bridge)


def test_mode_of_a_unix_socket(lab, tmp_path):
    path, target = tmp_path / 'listen.sock', lab.target()
    lab.start(f'--unix-listen={path}', '--unix-listen-mode=0666', f'127.0.0.1:{target.port}')
    assert path.stat().st_mode & 0o777 == 0o666


def test_a_stale_unix_socket_is_replaced(lab, tmp_path):
    path, target = tmp_path / 'listen.sock', lab.target()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    through(lab, lab.start(f'--unix-listen={path}', f'127.0.0.1:{target.port}'))


def test_a_unix_socket_in_use_is_not_taken_over(lab, tmp_path):
    path, target = tmp_path / 'listen.sock', lab.target()
    first = lab.start(f'--unix-listen={path}', f'127.0.0.1:{target.port}')
    status, _, error = run(f'--unix-listen={path}', f'127.0.0.1:{target.port}')
    assert status != 0 and str(path) in error
    through(lab, first)


def test_a_file_is_not_replaced_by_a_unix_socket(lab, tmp_path):
    path = tmp_path / 'precious'
    path.write_text('precious')
    status, _, error = run(f'--unix-listen={path}', '127.0.0.1:9')
    assert status != 0 and str(path) in error
    assert path.read_text() == 'precious'


def test_listen_on_abstract(lab):
    target = lab.target()
    bridge = lab.start(f'--unix-listen=@wsluice-test-{os.getpid()}', f'127.0.0.1:{target.port}')
    through(lab, bridge)


def test_unix_to_unix(lab, tmp_path):
    target = lab.unix_target()
    bridge = lab.start(f'--unix-listen={tmp_path}/l.sock', f'--unix-target={target.path}')
    through(lab, bridge)


@needs_ipv6
def test_listen_on_ipv6(lab):
    through(lab, lab.start(target=lab.target(), listen='[::1]:0'))


@needs_ipv6
@pytest.mark.parametrize('listen', ['0', ':0'])
def test_dual_stack_by_default(lab, listen):
    bridge = lab.start(target=lab.target(), listen=listen)
    for host in ('127.0.0.1', '::1'):
        with socket.create_connection((host, bridge.port), 5) as sock:
            sock.sendall(request())
            assert sock.recv(1000).startswith(b'HTTP/1.1 101 ')


# ---- targets that are not there ----

def test_refused(lab):
    with refusing_port() as nobody:
        bridge = lab.start(target=f'127.0.0.1:{port_of(nobody)}')
        assert lab.open(bridge).end()[1:] == (1011, 'Target refused the connection')
        bridge.session(reason='target_refused')


def test_refused_with_connect_first(lab):
    with refusing_port() as nobody:
        bridge = lab.start('--connect=first', target=f'127.0.0.1:{port_of(nobody)}')
        client = lab.connect(bridge).send(request())
        assert client.answer().status == 502 and client.eof()
        bridge.session(reason='target_refused')


def test_no_such_unix_socket(lab, tmp_path):
    bridge = lab.start(f'--unix-target={tmp_path}/nobody.sock', '127.0.0.1:0')
    assert lab.open(bridge).end()[1] == 1011
    assert bridge.session()['reason'] in ('target_refused', 'target_unreachable')


def test_unresolvable(lab):
    bridge = lab.start('--connect-timeout=5s', target='no-such-host.invalid:80')
    assert lab.open(bridge).end()[1] == 1011
    # Without any resolver, the wait for one ends in the timeout.
    assert bridge.session()['reason'] in ('target_unresolved', 'target_timeout')


def test_a_target_that_does_not_answer(lab):
    with full_port() as (held, _):
        bridge = lab.start('--connect-timeout=1s', target=f'127.0.0.1:{port_of(held)}')
        began = time.monotonic()
        assert lab.open(bridge).end()[1:] == (1011, 'Target did not answer in time')
        assert time.monotonic() - began < 8
        bridge.session(reason='target_timeout')


def test_a_target_that_does_not_answer_with_connect_first(lab):
    with full_port() as (held, _):
        bridge = lab.start('--connect-timeout=1s', '--connect=first', target=f'127.0.0.1:{port_of(held)}')
        client = lab.connect(bridge).send(request())
        assert client.answer().status == 504 and client.eof()
        bridge.session(reason='target_timeout')


def test_a_client_that_leaves_during_the_dial(lab):
    with full_port() as (held, _):
        bridge = lab.start('--connect-timeout=3s', target=f'127.0.0.1:{port_of(held)}')
        client = lab.open(bridge)
        client.hang_up()
        bridge.session()


def test_a_client_that_is_reset_during_the_dial(lab):
    with full_port() as (held, _):
        bridge = lab.start('--connect-timeout=60s', '--connect=first', target=f'127.0.0.1:{port_of(held)}')
        before = bridge.fds()
        client = lab.connect(bridge).send(request())
        until(lambda: bridge.fds() == before + 2, 'the dial')
        client.reset()
        bridge.session(reason='client_reset')


def test_frames_before_the_target_is_there_are_kept(lab):
    """101 comes first; what the client says while we dial is delivered afterwards."""
    with full_port() as (held, fillers):
        bridge = lab.start('--connect-timeout=60s', target=f'127.0.0.1:{port_of(held)}')
        client = lab.open(bridge).send(frame(BINARY, b'patience '))
        client.send(frame(BINARY, b'pays'))
        bridge.rests()
        for filler in fillers:
            filler.close()
        # The backlog empties, and the next SYN of the bridge gets in.
        target = lab.target(sock=held)
        until(lambda: any(bytes(c.received) == b'patience pays' for c in target.connections), 'the early frames')
        assert client.data(13) == b'patience pays'


def test_connect_first_answers_only_when_the_target_is_there(lab):
    bridge = lab.start('--connect=first', target=lab.target())
    client = lab.open(bridge, upgrade={'early': frame(BINARY, b'early')})
    assert client.data(5) == b'early'


def test_the_bridge_lives_on_after_failures(lab):
    path = str(lab.folder / 'later.sock')
    bridge = lab.start(f'--unix-target={path}', '127.0.0.1:0')
    for _ in range(20):
        assert lab.open(bridge).end()[1] == 1011
    lab.unix_target(path=path)
    through(lab, bridge)


# ---- what the kernel is told ----

PIDFD_GETFD = 438


def sockets_of(bridge):
    """Our own handles of the bridge's sockets (pidfd_getfd); needs the right to trace a child."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(bridge.pid)
    found = []
    for name in os.listdir(f'/proc/{bridge.pid}/fd'):
        number = libc.syscall(PIDFD_GETFD, pidfd, int(name), 0)
        if number < 0:
            os.close(pidfd)
            pytest.skip('pidfd_getfd is not allowed here')
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            os.close(number)
            continue
        sock = socket.socket(fileno=number)
        try:
            sock.getpeername()
            found.append(sock)
        except OSError:  # it listens, or is a socket pair's
            sock.close()
    os.close(pidfd)
    return found


def test_socket_options_on_both_legs(lab):
    bridge = lab.start(target=lab.target())
    through(lab, bridge)
    legs = [s for s in sockets_of(bridge) if s.family in (socket.AF_INET, socket.AF_INET6)]
    assert len(legs) == 2
    for leg in legs:
        assert leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert leg.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) > 0
        leg.close()


# ---- a real service ----

@pytest.mark.skipif(shutil.which('redis-server') is None, reason='no redis-server')
def test_redis(lab, tmp_path):
    path = tmp_path / 'redis.sock'
    lab.spawn('redis-server', '--port', '0', '--unixsocket', str(path), '--save', '', '--dir', str(tmp_path),
              stdout=open(tmp_path / 'redis.log', 'wb'))
    until(path.exists, 'Redis is up')
    bridge = lab.start(f'--unix-target={path}', '127.0.0.1:0')
    client = lab.open(bridge)
    assert client.binary(b'PING\r\n').data(7) == b'+PONG\r\n'
    value = os.urandom(500_000)
    client.binary(b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000\r\n' + value + b'\r\n')
    assert client.data(5) == b'+OK\r\n'
    client.binary(b'GET k\r\n')
    assert client.data(9 + 500_000 + 2) == b'$500000\r\n' + value + b'\r\n'
    client.binary(b'QUIT\r\n')
    assert client.closing()[:2] == (b'+OK\r\n', 1000)


@pytest.mark.parametrize('handler', [hold, sink, answer_after_eof(b''), echo])
def test_every_kind_of_target_ends_with_its_client(lab, handler):
    bridge, target = lab.start_echo(handler=handler)
    lab.open(bridge).hang_up()
    bridge.session()
    target.connection().ended.set()
