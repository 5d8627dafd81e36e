"""The end of the process: first it is not ready, then it takes nobody, then its sessions are told one by one."""
import contextlib
import json
import selectors
import signal
import socket
import time

import pytest
from gateway import ANY, Endpoint, get, marked, start
from lab import run
from targets import hold
from wire import close_frame, time_passes, until

pytestmark = pytest.mark.threads

DRAINING = 'no new clients'


def close_times(clients, began):
    """When each client was told 1001, in seconds since then; each answers and is seen out."""
    selector, times = selectors.DefaultSelector(), []
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ, client)
    while len(times) < len(clients):
        ready = selector.select(10)
        assert ready, f'{len(times)} of {len(clients)} were told'
        for key, _ in ready:
            assert key.data.closing()[1:] == (1001, 'Server is shutting down')
            times.append(time.monotonic() - began)
            selector.unregister(key.fd)
            key.data.send(close_frame(1001))
            assert key.data.eof()
    return times


def begin(bridge):
    bridge.signal(signal.SIGTERM)
    until(lambda: f'SIGTERM: {DRAINING}' in bridge.text, lambda: bridge.text)
    return time.monotonic()


@pytest.mark.parametrize('workers, count', [(1, 7), (2, 60)])
def test_close_frames_are_spread(lab, workers, count):
    bridge = start(lab, [marked('/', lab.target())], workers=workers, limits={'drain_spread': '2s'})
    clients = [lab.open(bridge) for _ in range(count)]
    times = close_times(clients, begin(bridge))
    assert bridge.wait() == 0
    assert 1.8 < times[-1] < 3, times
    for part in range(1, 4):  # evenly: at a quarter of the time a quarter has been told, give or take what a client is late
        few, many = (sum(moment < part / 2 + late for moment in times) for late in (0, 0.3))
        slack = max(2, count * 0.15)
        assert few <= count * part / 4 + slack and many >= count * part / 4 - slack, times


def test_all_at_once_without_a_spread(lab):
    bridge = start(lab, [marked('/', lab.target())], limits={'drain_spread': '0s'})
    clients = [lab.open(bridge) for _ in range(50)]
    assert close_times(clients, begin(bridge))[-1] < 1
    assert bridge.wait() == 0


def test_sessions_work_until_they_are_told(lab):
    bridge = start(lab, [marked('/', lab.target())], workers=1, limits={'drain_spread': '2s'})
    clients = [lab.open(bridge) for _ in range(4)]
    began = begin(bridge)
    for _ in range(5):
        clients[-1].binary(b'on').data(2)
        time_passes(0.05)
    close_times(clients, began)
    assert bridge.wait() == 0


def test_readiness_turns_false(lab):
    """A client that connected earlier and asks during the drain is told; liveness is unaffected."""
    routes = [marked('/', lab.target()), {'path': '/live', 'health': 'live'}, {'path': '/ready', 'health': 'ready'}]
    bridge = start(lab, routes, workers=1, limits={'drain_spread': '5s'})
    assert get(lab, bridge, '/ready').status == 200
    session = lab.open(bridge)
    before = bridge.fds()
    asks, asks_too = lab.connect(bridge), lab.connect(bridge)
    until(lambda: bridge.fds() == before + 2, 'both are accepted')
    begin(bridge)
    answer = asks.send(b'GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n').answer()
    assert answer.status == 503 and b'draining' in answer.body
    assert asks_too.send(b'GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n').answer().status == 200
    session.bye()
    for client in (asks, asks_too):
        client.hang_up()
    assert bridge.wait() == 0


def test_listeners_close_and_their_files_go(lab):
    path = lab.folder / 'listener.sock'
    bridge = start(lab, [marked('/', lab.target())], [{'address': ANY}, {'address': f'unix:{path}'}],
                   limits={'drain_spread': '5s'})
    session = lab.open(bridge)
    begin(bridge)
    with pytest.raises(ConnectionRefusedError):
        lab.connect(bridge.endpoints[0])
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        lab.connect(Endpoint(f'unix:{path}'))
    session.bye()
    assert bridge.wait() == 0


def test_no_reload_and_no_upgrade_any_more(lab):
    bridge = start(lab, [marked('/', lab.target())], limits={'drain_spread': '5s'})
    session = lab.open(bridge)
    begin(bridge)
    for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGUSR1):
        bridge.signal(number)
    session.bye()
    assert bridge.wait() == 0
    assert 'take over' not in bridge.text and 'is in use' not in bridge.text


def leaving(lab, **limits):
    """A gateway that has been told to end, and is still open."""
    routes = [marked('/', lab.target()), {'path': '/ready', 'health': 'ready'}]
    bridge = start(lab, routes, limits={'drain_spread': '0s', **limits})
    bridge.signal(signal.SIGTERM)
    until(lambda: get(lab, bridge, '/ready').status == 503, lambda: bridge.text)
    return bridge


def test_load_balancers_hear_of_it_before_clients_are_refused(lab):
    began = time.monotonic()
    bridge = leaving(lab, drain_delay='1s')
    session = lab.open(bridge)
    session.binary(b'late').data(4)
    assert DRAINING not in bridge.text
    assert session.closing()[1] == 1001
    assert time.monotonic() - began >= 1
    session.send(close_frame(1001))
    assert bridge.wait() == 0
    bridge.says(DRAINING)


def test_a_second_signal_does_not_wait_for_load_balancers(lab):
    bridge = leaving(lab, drain_delay='1h')
    began = time.monotonic()
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    assert time.monotonic() - began < 2


def test_a_second_signal_ends_at_once(lab):
    bridge = start(lab, [marked('/', lab.target(hold))], limits={'drain_spread': '20s'})
    clients = [lab.open(bridge) for _ in range(20)]
    begin(bridge)
    began = time.monotonic()
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    assert time.monotonic() - began < 2
    assert len([r for r in bridge.records() if r['reason'] == 'drained']) == 20
    for client in clients:
        client.hang_up()


def test_the_deadline_ends_what_does_not_answer(lab):
    """The last Close leaves early enough for its answer: the spread ends close_timeout before the deadline."""
    bridge = start(lab, [marked('/', lab.target(hold))], workers=1,
                   limits={'drain_spread': '1h', 'drain_timeout': '2s', 'close_timeout': '1s'})
    clients = [lab.open(bridge) for _ in range(10)]
    began = begin(bridge)
    for client in clients:
        assert client.closing()[1] == 1001
    told = time.monotonic() - began
    assert bridge.wait() == 0
    assert 0.7 < told < 1.5
    assert time.monotonic() - began < 3
    for client in clients:
        client.hang_up()


def test_nobody_there(lab):
    bridge = start(lab, [marked('/', lab.target())])
    began = begin(bridge)
    assert bridge.wait() == 0
    assert time.monotonic() - began < 1


# ---- the admin socket ----

def with_admin(lab, **more):
    path = lab.folder / 'admin.sock'
    bridge = start(lab, [marked('/', lab.target())], admin=str(path),
                   limits={'drain_spread': '0s', 'close_timeout': '20s', **more})
    return bridge, path


def test_the_admin_socket_answers_until_the_end(lab):
    bridge, path = with_admin(lab)
    clients = [lab.open(bridge) for _ in range(3)]
    begin(bridge)
    code, shown, _ = run('status', '--socket', path)
    assert code == 0 and ', draining' in shown.splitlines()[0] and shown.count(' closing ') == 3, shown
    assert run('health', '--socket', path)[0] == 1
    ids = [line.split()[0] for line in shown.splitlines() if ' closing ' in line]
    document = json.loads(run('status', '--json', '--socket', path)[1])
    listed = [row['id'] for row in document['sessions']['rows']]
    assert document['process']['draining'] is True and sorted(listed) == sorted(ids)
    code, _, said = run('reload', '--socket', path)
    assert code == 1 and 'nothing has changed: the process is ending' in said
    with pytest.raises(ConnectionRefusedError):
        lab.connect(bridge.endpoints[0])
    for client in clients:
        assert client.closing()[1] == 1001
        client.send(close_frame(1001))
        assert client.eof()
    assert bridge.wait() == 0
    assert not path.exists()


def test_clients_of_the_admin_socket_do_not_hold_up_the_end(lab):
    """One that says nothing, one in the middle of its request, one that does not read."""
    bridge, path = with_admin(lab)
    session = lab.open(bridge)
    stuck = []
    for said in (b'', b'GET / HT', b'GET /?format=json HTTP/1.1\r\nHost: x\r\n\r\n' * 500):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.send(said)
        stuck.append(client)
    begin(bridge)
    late = socket.socket(socket.AF_UNIX)
    late.connect(str(path))
    stuck.append(late)
    assert session.closing()[1] == 1001
    session.send(close_frame(1001))
    assert session.eof()
    began = time.monotonic()
    assert bridge.wait() == 0
    assert time.monotonic() - began < 2
    for client in stuck:
        client.close()


def test_a_process_that_starts_during_a_drain_takes_the_path(lab):
    """As it takes the ports; the old one then is on its own."""
    bridge, path = with_admin(lab)
    session = lab.open(bridge)
    begin(bridge)
    second = start(lab, [marked('/', lab.target())], admin=str(path), file='second.yaml')
    assert f'pid {second.pid},' in run('status', '--socket', path)[1]
    assert path.stat().st_mode & 0o7777 == 0o600
    assert session.closing()[1] == 1001
    session.send(close_frame(1001))
    assert session.eof()
    assert bridge.wait() == 0
    assert f'pid {second.pid},' in run('status', '--socket', path)[1]


def test_status_until_the_last_session_of_once(lab):
    path = lab.folder / 'admin.sock'
    bridge = start(lab, [marked('/', lab.target())], admin=str(path), exit={'once': True})
    session = lab.open(bridge)
    until(lambda: 'ends with its last session' in bridge.text, lambda: bridge.text)
    assert 'draining' in run('status', '--socket', path)[1]
    session.bye()
    assert bridge.wait() == 0
    assert not path.exists()
