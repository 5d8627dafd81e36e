"""A process that ends by itself: --run-once, --timeout, --idle-timeout, in YAML exit."""
import socket
import time

import gateway
import pytest
from lab import elapsed
from wire import request, time_passes, until


def refused(bridge):
    try:
        socket.create_connection(('127.0.0.1', bridge.port), 1).close()
        return False
    except ConnectionRefusedError:
        return True


def upgrade_status(lab, bridge):
    return lab.connect(bridge).send(request()).answer().status


# ---- once ----

@pytest.mark.parametrize('workers', [1, 3])
def test_once(lab, workers):
    bridge, _ = lab.start_echo('--run-once', f'--workers={workers}')
    assert gateway.get(lab, bridge).status == 426  # what is no session does not count
    client = lab.open(bridge)
    second = lab.connect(bridge) if not refused(bridge) else None
    until(lambda: refused(bridge), 'a closed listener')
    assert client.binary(b'lives on').data(8) == b'lives on'
    if second:
        try:
            assert second.send(request()).answer().status == 503
        except (EOFError, ConnectionError):
            pass
        second.hang_up()
    client.bye()
    assert bridge.wait() == 0


@pytest.mark.threads
def test_once_is_one_of_many_at_the_same_time(lab):
    bridge, _ = lab.start_echo('--run-once', '--workers=4')
    clients = [lab.connect(bridge) for _ in range(40)]
    for client in clients:
        client.send(request())
    answers = [client.answer().status for client in clients]
    assert sorted(answers) == [101] + [503] * 39
    clients[answers.index(101)].bye()
    for client in clients:
        client.hang_up()
    assert bridge.wait() == 0


def test_once_counts_a_target_that_is_down(lab):
    bridge = lab.start('--run-once', '127.0.0.1:0', '127.0.0.1:1')
    assert lab.open(bridge).end()[1] == 1011
    assert bridge.wait() == 0


def test_once_where_a_target_is_asked_first(lab):
    """A 502 is no session."""
    target = lab.target()
    bridge = gateway.start(lab, [{'path': '/down', 'target': 'tcp://127.0.0.1:1'},
                                 {'path': '/up', 'target': gateway.there(target)}], exit={'once': True})
    assert gateway.ask(lab, bridge.endpoints[0], '/down').status == 502
    lab.open(bridge.endpoints[0], upgrade={'path': '/up'}).bye()
    assert bridge.wait() == 0


# ---- after ----

def test_the_listener_really_closes_and_sessions_go_on(lab):
    bridge, _ = lab.start_echo('--timeout=1')
    client = lab.open(bridge)
    until(lambda: refused(bridge), 'a closed listener')
    time_passes(0.5)
    assert client.binary(b'on').data(2) == b'on'
    assert bridge.process.poll() is None
    client.bye()
    assert bridge.wait() == 0


@pytest.mark.parametrize('option', [('--timeout', '1'), ('--timeout=1000ms',), ('--timeo=1s',)])
def test_after_counts_from_the_start(lab, option):
    bridge, _ = lab.start_echo(*option)
    took = elapsed(bridge.wait)
    assert bridge.process.returncode == 0 and 0.3 < took < 4


def test_a_session_of_a_process_whose_time_is_over_is_drained(lab):
    bridge, _ = lab.start_echo('--timeout=1')
    client = lab.open(bridge)
    until(lambda: refused(bridge), 'a closed listener')
    bridge.signal(15)
    assert client.end()[1] == 1001
    assert bridge.wait() == 0


# ---- idle ----

def test_idle(lab):
    bridge, _ = lab.start_echo('--idle-timeout=1', '--workers=2')
    client = lab.open(bridge)
    time_passes(1.5)
    assert bridge.process.poll() is None
    client.bye()
    took = elapsed(bridge.wait)
    assert bridge.process.returncode == 0 and 0.7 < took < 4


def test_idle_without_anybody(lab):
    bridge, _ = lab.start_echo('--idle-timeout=1')
    assert bridge.wait() == 0


def test_a_plain_request_counts(lab):
    bridge, _ = lab.start_echo('--idle-timeout=1')
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert gateway.get(lab, bridge).status == 426
        time_passes(0.3)
    assert bridge.process.poll() is None
    assert bridge.wait() == 0


def test_admin_connections_do_not_count_however_long(lab, tmp_path):
    """A health check that is there at the moment of a look has seen nobody stay."""
    path = str(tmp_path / 'admin.sock')
    bridge, _ = lab.start_echo('--idle-timeout=1', f'--admin-socket={path}')
    with socket.socket(socket.AF_UNIX) as looks:
        looks.connect(path)
        looks.sendall(b'GET /ready HTTP/1.1\r\nHost: admin\r\n\r\n')
        assert looks.recv(4096).startswith(b'HTTP/1.1 200')
        took = elapsed(lambda: until(lambda: 'no client was connected' in bridge.text, lambda: bridge.text))
        assert took < 4
    assert bridge.wait() == 0


def test_off_by_zero(lab):
    bridge, _ = lab.start_echo('--timeout=0', '--idle-timeout=0', '--heartbeat=0')
    time_passes(0.5)
    assert bridge.process.poll() is None


def test_a_reload_changes_nothing_about_it(lab):
    target = lab.target()
    bridge = gateway.start(lab, [{'path': '/', 'target': gateway.there(target)}], exit={'idle': '1500ms'})
    bridge.signal(1)
    until(lambda: 'was read again' in bridge.text, lambda: bridge.text)
    assert bridge.wait() == 0


# ---- rules, and ends for other reasons ----

RULES = pytest.mark.parametrize('rule', [{'idle': '1s'}, {'after': '1s'}, {'once': True}], ids=['idle', 'after', 'once'])


@RULES
def test_a_drain_that_outlasts_a_rule(lab, rule):
    """The listeners have closed, and the rule has nothing more to check."""
    target = lab.target()
    bridge = gateway.start(lab, [{'path': '/', 'target': gateway.there(target)}], exit=rule, limits={'drain_spread': '0s'})
    client = lab.open(bridge)
    bridge.signal(15)
    time_passes(1.5)
    assert bridge.process.poll() is None
    assert client.end()[1] == 1001
    assert bridge.wait() == 0
