"""At the end of each limit operators still get in, and the process can still reload, rotate its log and be replaced."""
import contextlib
import os
import re
import select
import signal
import socket
import ssl
import subprocess

import gateway
import pytest
from gateway import ANY, Endpoint, ask, get, marked, samples, start, write
from lab import run
from processes import Process, adopt_orphans
from wire import WAIT, request, until

OPS = [{'name': 'ops', 'path': '/livez', 'health': 'live'}, {'name': 'ops', 'path': '/readyz', 'health': 'ready'},
       {'name': 'ops', 'path': '/metrics', 'metrics': True}, {'name': 'ops', 'path': '/status', 'status': True}]
FILES = 'a file that is larger than all buffers on its way\n' * 200_000

# The addresses of "many", none of which takes a connection.
MANY_ADDRESSES = r'''
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "many") != 0)
        return real(name, service, hints, list);
    struct addrinfo **link = list;
    for (int i = 0; i < 8; i++, link = &(*link)->ai_next) {
        char text[16] = "127.0.0.1";
        text[8] += i;
        int status = real(text, service, hints, link);
        if (status != 0)
            return status;
    }
    return 0;
}
'''


def answers(lab, ops, path):
    """An operator's requests, over each listener that operators have."""
    assert [get(lab, ops, page).status for page in ('/livez', '/readyz', '/metrics', '/status?format=json')] == [200] * 4
    assert run('status', '--socket', path)[0] == 0
    assert run('health', '--socket', path)[0] == 0


def kill_one(path):
    """A session's id, and that an operator can end it."""
    session = re.search(r'^(\d+-\d+) ', run('status', '--socket', path)[1], re.MULTILINE).group(1)
    assert run('kill', '--socket', path, session)[0] == 0


def reload(bridge, **changed):
    gateway.reload(bridge, {**bridge.config, **changed})


LIMITS = {  # (options of the process, of the listener, of the route, sessions that fill it, what the next one hears)
    'process': ({'limits': {'max_connections': 3}}, {}, {}, 3, 503),
    'listener': ({}, {'max_connections': 3}, {}, 3, 503),
    'route': ({}, {}, {'max_sessions': 3}, 3, 503),
    'address': ({'limits': {'max_connections_per_address': 3}}, {}, {}, 3, 429),
    'rate': ({'limits': {'handshakes_per_second': 1, 'handshake_burst': 3}}, {}, {}, None, 429),
}


def fill(lab, endpoint, count):
    """Sessions, to the end of a limit; of a rate as many as it lets in before it refuses."""
    if count is not None:
        return [lab.open(endpoint) for _ in range(count)]
    clients = []

    def refused():
        client = lab.connect(endpoint).send(request())
        clients.append(client)
        return client.answer().status == 429
    until(refused, 'the end of the rate')
    return clients


@pytest.mark.parametrize('limit', LIMITS)
def test_operators_get_in_at_each_limit(lab, limit):
    process, listener, route, count, status = LIMITS[limit]
    path = lab.folder / 'admin.sock'
    bridge = start(lab, [marked('/*', lab.target(), **route), *OPS],
                   [{'address': ANY, **listener}, {'address': ANY, 'routes': ['ops']}], admin=str(path), **process)
    users, ops = bridge.endpoints[:2]
    clients = fill(lab, users, count)
    for _ in range(5):
        if count is not None:
            assert ask(lab, users).status == status
        answers(lab, ops, path)
    for _ in range(30):  # faster than any rate that holds for clients
        assert get(lab, ops, '/livez').status == 200
    reload(bridge)
    answers(lab, ops, path)
    kill_one(path)
    for client in clients:
        client.hang_up()


def test_operators_get_in_when_descriptors_are_used_up(lab):
    """Clients wait in the backlog of their own listener; the other one is not paused with it."""
    path = lab.folder / 'admin.sock'
    bridge = start(lab, [marked('/*', lab.target()), *OPS], [{'address': ANY}, {'address': ANY, 'routes': ['ops']}],
                   admin=str(path), nofile=(160, 160))
    users, ops = bridge.endpoints[:2]
    clients = fill_descriptors(lab, users, lambda: bridge.text)
    waiting = [lab.connect(users).send(request()) for _ in range(10)]
    for _ in range(5):
        answers(lab, ops, path)
        assert samples(lab, ops)['wsluice_accepts_paused'] == 1
    assert bridge.fds() < 160
    reload(bridge)
    answers(lab, ops, path)
    kill_one(path)
    for client in clients[:4]:  # one of them may be the one that was killed, and the last one may be in the backlog
        client.hang_up()
    assert waiting[0].answer().status == 101  # its turn has come
    for client in clients + waiting:
        client.hang_up()
    until(lambda: ask(lab, users).status == 101, 'room again')


def test_an_operators_listener_is_bounded_itself(lab):
    """And clients are served all the while, as are the other operators."""
    path = lab.folder / 'admin.sock'
    bridge = start(lab, [marked('/*', lab.target()), *OPS],
                   [{'address': ANY}, {'address': ANY, 'routes': ['ops'], 'max_connections': 4}], admin=str(path))
    users, ops = bridge.endpoints[:2]
    idle = [lab.connect(ops) for _ in range(4)]
    until(lambda: 'accepting on' in bridge.text, lambda: bridge.text)
    waits = lab.connect(ops).send(b'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
    assert ask(lab, users).status == 101
    assert run('status', '--socket', path)[0] == 0
    idle[0].hang_up()
    assert waits.answer().status == 200
    for client in idle:
        client.hang_up()


def test_operators_do_not_keep_an_idle_process_alive(lab):
    bridge = start(lab, [marked('/*', lab.target()), *OPS], [{'address': ANY}, {'address': ANY, 'routes': ['ops']}],
                   exit={'idle': '2s'})
    monitor = lab.connect(bridge.endpoints[1])
    monitor.send(b'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
    assert monitor.answer().status == 200
    assert bridge.wait() == 0


# ---- liveness among clients ----

SHARED = [{'path': '/livez', 'health': 'live'}, {'path': '/readyz', 'health': 'ready'},
          {'path': '/metrics', 'metrics': True}]


@pytest.mark.parametrize('limit', [limit for limit in LIMITS if limit != 'route'])
def test_liveness_is_answered_over_a_limit(lab, limit):
    """Also where clients come in; everything else there is refused as before."""
    process, listener, route, count, status = LIMITS[limit]
    bridge = start(lab, [marked('/*', lab.target(), **route), *SHARED], [{'address': ANY, **listener}], **process)
    clients = fill(lab, bridge, count)
    for _ in range(3):
        answer = get(lab, bridge, '/livez')
        assert answer.status == 200
        if count is not None:
            assert answer.fields['connection'] == 'close'
            assert [get(lab, bridge, page).status for page in ('/readyz', '/metrics', '/nothing')] == [status] * 3
            assert ask(lab, bridge).status == status
    for client in clients:
        client.hang_up()


def test_liveness_is_answered_when_descriptors_are_used_up(lab):
    bridge = start(lab, [marked('/*', lab.target()), *SHARED], nofile=(160, 160))
    clients = [lab.open(bridge)]

    def full():
        client = lab.connect(bridge).send(request())
        clients.append(client)
        return client.answer().status == 503
    until(full, 'the end of the descriptors')
    for _ in range(20):
        assert get(lab, bridge, '/livez').status == 200
        assert get(lab, bridge, '/readyz').status == 503
    assert bridge.session(reason='too_many_process')
    assert bridge.fds() < 160
    for client in clients:
        client.hang_up()


def test_who_asks_nothing_over_a_limit_is_told_soon(lab):
    """Long before a handshake has to be over, so that such clients do not keep probes out for long."""
    bridge = start(lab, [marked('/*', lab.target()), *SHARED], limits={'max_connections': 1, 'handshake_timeout': '1h'})
    first = lab.open(bridge)
    silent, half = lab.connect(bridge), lab.connect(bridge).send(b'GET /live')
    assert silent.answer().status == 503 and half.answer().status == 503
    first.bye()


def test_a_denied_address_is_not_asked_whether_it_wants_liveness(lab):
    bridge = start(lab, [marked('/*', lab.target()), *SHARED], [{'address': ANY, 'deny': ['127.0.0.0/8']}])
    assert lab.connect(bridge).answer().status == 403


# ---- the process's own work ----

def fill_descriptors(lab, endpoint, log, asks=request(), answered=True):
    """As many as are let in, each in the middle of something: its answer has begun, or will take a while."""
    clients = []
    while 'accepting on' not in log():
        client = lab.connect(endpoint).send(asks)
        clients.append(client)
        until(lambda: not answered or 'accepting on' in log() or select.select([client.sock], [], [], 0)[0], log)  # noqa: B023
    return clients


KEPT = 65  # of 160: for the process's own work, for what it looks up, and for operators
LARGE = b'GET /large HTTP/1.1\r\nHost: a\r\n\r\n'  # of which its client reads nothing


@pytest.fixture(name='dead_port')
def fixture_dead_port():
    """Listens on every address, and has no room in its backlog."""
    with socket.socket() as sock:
        sock.bind(('0.0.0.0', 0))
        sock.listen(0)
        port = sock.getsockname()[1]
        fillers = []
        for last in range(1, 9):
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex((f'127.0.0.{last}', port))
                fillers.append(filler)
        yield port
        for filler in fillers:
            filler.close()


def begin_gateway(lab, routes, env):
    """On Unix sockets, as the addresses are known then: the log is a file. (bridge, users, log, more)"""
    log = lab.folder / 'bridge.log'
    places = {name: f'unix:{lab.folder}/{name}.sock' for name in ('users', 'ops', 'new')}
    config = {'workers': 1, 'limits': {'drain_timeout': '1s'}, 'log': {'file': str(log)}, 'admin': str(lab.folder / 'admin.sock'),
              'routes': [*routes, *OPS],
              'listeners': [{'address': places['users']}, {'address': places['ops'], 'routes': ['ops']}]}
    file = write(lab.folder / 'gateway.yaml', config)
    bridge = lab.start('--config', file, logs_to=log, nofile=(160, 160), env=env)
    bridge.file, bridge.config = file, config
    return bridge, {name: Endpoint(address) for name, address in places.items()}, log


def do_all_work(lab, bridge, endpoints, log):
    """Rotation, a reload with one more listener, an upgrade."""
    moved = log.rename(lab.folder / 'bridge.log.1')
    bridge.signal(signal.SIGUSR1)
    until(log.exists, 'a new log')
    write(bridge.file, {**bridge.config, 'listeners': [*bridge.config['listeners'],
                                                       {'address': endpoints['new'].address, 'routes': ['ops']}]})
    bridge.signal(signal.SIGHUP)
    until(lambda: 'read again and is in use' in log.read_text(), log.read_text)
    assert get(lab, endpoints['new'], '/livez').status == 200
    answers(lab, endpoints['ops'], lab.folder / 'admin.sock')
    bridge.signal(signal.SIGUSR2)
    found = until(lambda: re.search(r'process (\d+) has taken over', log.read_text()), log.read_text)
    lab.processes.append(Process(int(found.group(1))))
    assert 'Too many open files' not in moved.read_text() + log.read_text()
    return lab.processes[-1]


@pytest.mark.parametrize('kind', ['bridge', 'record', 'files', 'attempts'])
def test_the_process_keeps_what_its_own_work_needs(lab, kind, dead_port):
    """For each use that clients have for descriptors."""
    adopt_orphans()
    (lab.folder / 'web').mkdir()
    (lab.folder / 'web/large').write_text(FILES)
    (lab.folder / 'many.c').write_text(MANY_ADDRESSES)
    library = lab.folder / 'many.so'
    subprocess.run(['cc', '-shared', '-fPIC', '-o', library, lab.folder / 'many.c', '-ldl'], check=True)
    asan = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".lstrip(':')
    route, asks, env, each, more = {  # each, more: descriptors that one client uses, and all of them together
        'bridge': (marked('/*', lab.target()), request(), {}, 2, 0),
        'record': (marked('/*', lab.target(), record=str(lab.folder / 'rec')), request(), {}, 3, 0),
        'files': ({'path': '/*', 'files': str(lab.folder / 'web')}, LARGE, {}, 2, 0),
        'attempts': ({'path': '/*', 'target': f'tcp://many:{dead_port}', 'connect_timeout': '1h'}, request(),
                     {'LD_PRELOAD': str(library), 'ASAN_OPTIONS': asan}, 2, 160 // 32),
    }[kind]
    bridge, endpoints, log = begin_gateway(lab, [route], env)
    clients = fill_descriptors(lab, endpoints['users'], log.read_text, asks, kind != 'attempts')

    def all_in_use():
        inside = samples(lab, endpoints['ops'])['wsluice_worker_connections{worker="0"}'] - 1
        return bridge.fds() == bridge.baseline + each * inside + more
    until(all_in_use, lambda: f'{bridge.fds()} descriptors, {bridge.baseline} at the start')
    assert bridge.fds() <= 160 - KEPT
    successor = do_all_work(lab, bridge, endpoints, log)
    for client in clients:
        client.hang_up()
    bridge.signal(signal.SIGTERM)  # dials need not notice that
    assert bridge.process.wait(WAIT) == 0
    successor.stop()


# ---- before TLS ----

def first_bytes(lab, endpoint, sent):
    """All that a client receives after sending this."""
    client = lab.connect(endpoint)
    heard = b''
    try:
        client.send(sent)
        while data := client.sock.recv(4096):
            heard += data
    except (ConnectionResetError, BrokenPipeError):
        pass
    client.sock.close()
    return heard


def hello(context):
    """A ClientHello of the client's library."""
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname='localhost')
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


BEFORE_TLS = {  # (options of the process, of the listener, sessions that come before, its reason)
    'denied': ({}, {'deny': ['127.0.0.0/8']}, 0, 'address_refused'),
    'not allowed': ({}, {'allow': ['10.0.0.0/8']}, 0, 'address_refused'),
    'process': ({'limits': {'max_connections': 1}}, {}, 1, 'too_many_process'),
    'listener': ({}, {'max_connections': 1}, 1, 'too_many_listener'),
    'address': ({'limits': {'max_connections_per_address': 1}}, {}, 1, 'too_many_address'),
}


@pytest.mark.parametrize('mode', ['required', 'optional'])
@pytest.mark.parametrize('why', BEFORE_TLS)
def test_no_handshake_for_who_is_refused(lab, certs, why, mode):
    """The connection is closed before TLS, and the log names the reason; a plain client hears a status."""
    process, listener, before, reason = BEFORE_TLS[why]
    tls = {'mode': mode, 'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = start(lab, [marked('/*', lab.target()), *OPS],
                   [{'address': ANY, 'tls': tls, **listener}, {'address': ANY, 'routes': ['ops']}], **process)
    users, ops = bridge.endpoints
    inside = [lab.open(users, context=certs.context()) for _ in range(before)]
    assert first_bytes(lab, users, hello(certs.context())) == b''
    assert bridge.session(reason=reason)['tls'] == '-'
    plain = first_bytes(lab, users, request())
    assert plain == b'' if mode == 'required' else plain.startswith(b'HTTP/1.1 4') or plain.startswith(b'HTTP/1.1 503')
    found = samples(lab, ops)
    assert found['wsluice_tls_handshakes_total'] == before
    assert found[f'wsluice_connections_ended_total{{reason="{reason}"}}'] >= 1
    for client in inside:
        client.hang_up()


def test_a_trusted_proxy_is_judged_by_its_client(lab, certs):
    """Which a header field names, inside TLS: there the refusal is an answer."""
    bridge = start(lab, [marked('/*', lab.target())], [{
        'address': ANY, 'trusted_proxies': ['127.0.0.1'], 'deny': ['127.0.0.1', '10.0.0.6'],
        'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}])

    def status_of(address):
        return ask(lab, bridge, fields={'X-Forwarded-For': address}, connection={'context': certs.context()}).status
    assert status_of('10.0.0.7') == 101
    assert status_of('10.0.0.6') == 403
    assert bridge.session(reason='address_refused', client='10.0.0.6')['tls'] != '-'
