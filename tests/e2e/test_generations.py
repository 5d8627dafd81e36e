"""Sessions of processes that upgrades have replaced: seen, ended by their ids, drained with their successor."""
import json
import os
import re
import signal
import time

import pytest
from gateway import ANY, get, marked, samples, start, status_document, write
from lab import run
from processes import adopt_orphans, upgrade
from wire import WAIT, close_frame, time_passes, until

pytestmark = pytest.mark.threads

LOCAL = ['127.0.0.0/8']


@pytest.fixture(autouse=True)
def fixture_orphans():
    adopt_orphans()


def begin(lab, **more):
    path = lab.folder / 'admin.sock'
    routes = [marked('/', lab.target()), {'path': '/status', 'status': True, 'allow': LOCAL},
              {'path': '/metrics', 'metrics': True}]
    bridge = start(lab, routes, [{'address': ANY}], admin=str(path),
                   **{'limits': {'drain_spread': '0s'}, **more})
    bridge.socket = path
    return bridge


def look(bridge, *options):
    code, out, err = run('status', '--json', *options, '--socket', bridge.socket)
    assert (code, err) == (0, '')
    return json.loads(out)


def seen(bridge, *options):
    """[(id, pid)] of the sessions, in their order."""
    return [(row['id'], row['process']) for row in look(bridge, *options)['sessions']['rows']]


def end(session):
    assert session.closing()[1] == 1001
    session.send(close_frame(1001))
    assert session.eof()


def chain(lab, bridge, length, sessions):
    """Upgrades, each with a session in the process before it: ([process ...], [session ...])."""
    line, clients = [bridge], []
    for _ in range(length):
        clients += [lab.open(bridge) for _ in range(sessions)]
        line.append(upgrade(lab, bridge, line[-1].pid))
    return line, clients + [lab.open(bridge) for _ in range(sessions)]


def test_sessions_of_three_processes(lab):
    bridge = begin(lab)
    (first, second, third), clients = chain(lab, bridge, 2, 1)
    document = look(bridge, '--sort', 'id', '--order', 'asc')
    rows = document['sessions']['rows']
    assert [row['process'] for row in rows] == [first.pid, second.pid, third.pid]
    assert [re.sub(r'-\d+$', '', row['id']).rpartition('.')[0] for row in rows] == ['', '1', '2']
    assert document['totals']['sessions'] == 3 and document['sessions']['matched'] == 3
    processes = {process['pid']: process for process in document['processes']}
    assert list(processes)[0] == third.pid and set(processes) == {first.pid, second.pid, third.pid}
    assert [processes[p.pid]['state'] for p in (first, second, third)] == ['retiring', 'retiring', 'serving']
    assert all(process['answering'] and process['sessions'] == 1 for process in processes.values())
    shown = run('status', '--socket', bridge.socket)[1]
    assert shown.count('replaced by an upgrade') == 2 and 'PROCESS' in shown and str(first.pid) in shown
    for number, (row, client) in enumerate(zip(rows, clients)):
        code, out, err = run('kill', row['id'], '--socket', bridge.socket)
        assert (code, err) == (0, '') and row['id'] in out
        assert client.end()[1] == 1008
        until(lambda left=2 - number: len(seen(bridge)) == left, 'one less')
    ended = f"session {rows[0]['id']} is ended by user {os.getuid()} by the admin socket"
    until(lambda: ended in bridge.text, ended)
    for process in (first.process, second):
        process.wait(WAIT)
    assert [process['pid'] for process in look(bridge)['processes']] == [third.pid]
    assert 'PROCESS' not in run('status', '--socket', bridge.socket)[1]
    assert run('kill', rows[0]['id'], '--socket', bridge.socket)[0] == 1
    third.stop()


def test_filter_sort_and_limit_hold_over_all(lab):
    bridge = begin(lab)
    line, clients = chain(lab, bridge, 2, 3)
    for number, client in enumerate(clients):
        client.binary(b'x' * (number * 7 % 9 + 1) * 100).data((number * 7 % 9 + 1) * 100)
    def ups():
        return [row['bytes_up'] for row in look(bridge, '--sort', 'up', '--limit', '5')['sessions']['rows']]
    until(lambda: ups() == [900, 800, 700, 600, 500], ups)
    document = look(bridge, '--sort', 'up', '--limit', '5')
    assert document['sessions']['matched'] == 9 and document['sessions']['truncated'] is True
    name = f'127.0.0.1:{clients[0].sock.getsockname()[1]}'
    document = look(bridge, '--filter', name)
    assert [row['client'] for row in document['sessions']['rows']] == [name]
    assert document['sessions']['matched'] == 1 and document['totals']['sessions'] == 9
    line[-1].signal(signal.SIGTERM)
    for client in clients:
        end(client)
    assert bridge.process.wait(WAIT) == 0
    for process in line[1:]:
        assert process.wait() in (0, None)


def test_the_end_ends_all(lab):
    """The successor is the last to go: a service manager sees one service end."""
    bridge = begin(lab)
    (first, second, third), clients = chain(lab, bridge, 2, 1)
    third.signal(signal.SIGTERM)
    end(clients[2])
    end(clients[1])
    second.wait()
    document = look(bridge)
    assert document['process']['draining'] is True
    assert {p['pid']: p['state'] for p in document['processes']} == {third.pid: 'draining', first.pid: 'draining'}
    assert document['totals']['sessions'] == 1
    end(clients[0])
    assert bridge.process.wait(WAIT) == 0
    assert third.wait() in (0, None)
    until(lambda: 'the process that has taken over ends' in bridge.text, lambda: bridge.text)


def test_the_end_waits_for_the_command_as_well(lab):
    """A predecessor that ends first does not end a process whose command still has its grace."""
    bridge = begin(lab)
    first = lab.open(bridge)
    note, ready = lab.folder / 'note', lab.folder / 'ready'
    script = f'trap "sleep 1; echo done >{note}; exit 0" TERM; echo >{ready}; while :; do sleep 0.1; done'
    write(bridge.file, {**bridge.config, 'command': {'words': ['/bin/sh', '-c', script]}})
    second = upgrade(lab, bridge)
    until(ready.exists, 'the trap of the command')
    second.signal(signal.SIGTERM)
    until(lambda: look(bridge)['process']['draining'], 'the drain')
    end(first)
    assert bridge.process.wait(WAIT) == 0
    assert second.wait() in (0, None)
    assert note.read_text() == 'done\n'


def test_a_second_signal_ends_all_at_once(lab):
    bridge = begin(lab, limits={'drain_spread': '20s', 'close_timeout': '5s'})
    (first, second, third), clients = chain(lab, bridge, 2, 1)
    third.signal(signal.SIGTERM)
    until(lambda: bridge.text.count('the process that has taken over ends') == 2, lambda: bridge.text)
    began = time.monotonic()
    third.signal(signal.SIGTERM)
    for process in (first.process, second, third):
        process.wait(WAIT)
    assert time.monotonic() - began < 4
    for client in clients:
        client.hang_up()


def test_a_process_that_is_stopped(lab):
    """It costs a second, once; it is shown as not answering, and holds up the end for a bounded time."""
    bridge = begin(lab, limits={'drain_spread': '0s', 'drain_timeout': '1s', 'close_timeout': '500ms'})
    (first, second), clients = chain(lab, bridge, 1, 1)
    assert len(seen(bridge)) == 2
    first.signal(signal.SIGSTOP)
    began = time.monotonic()
    document = look(bridge)
    assert time.monotonic() - began < 2
    assert [(p['pid'], p['answering'], p['sessions']) for p in document['processes']] == [
        (second.pid, True, 1), (first.pid, False, 1)]
    assert [row['process'] for row in document['sessions']['rows']] == [second.pid]
    assert 'does not answer; it had 1 session' in run('status', '--socket', bridge.socket)[1]
    began = time.monotonic()
    for _ in range(5):
        assert len(seen(bridge)) == 1
        assert samples(lab, bridge.endpoints[0])[f'wsluice_predecessor_sessions{{pid="{first.pid}"}}'] == 1
    assert time.monotonic() - began < 3
    code, _, err = run('kill', '0-1', '--socket', bridge.socket)
    assert code == 1 and 'no such session, or its process does not answer' in err
    first.signal(signal.SIGCONT)
    until(lambda: len(seen(bridge)) == 2, 'it answers again', 10)
    first.signal(signal.SIGSTOP)
    began = time.monotonic()
    second.signal(signal.SIGTERM)
    end(clients[1])
    assert second.wait() in (0, None)
    assert time.monotonic() - began < 10
    first.signal(signal.SIGCONT)
    end(clients[0])
    assert bridge.process.wait(WAIT) == 0


def test_a_process_that_is_stopped_during_upgrades(lab):
    """Its links to the successors wait in its socket, behind what it was asked."""
    bridge = begin(lab)
    (first, second), clients = chain(lab, bridge, 1, 1)
    first.signal(signal.SIGSTOP)
    assert len(seen(bridge)) == 1
    third = upgrade(lab, bridge, second.pid)
    assert len(seen(bridge)) == 1
    fourth = upgrade(lab, bridge, third.pid)
    first.signal(signal.SIGCONT)
    until(lambda: len(seen(bridge)) == 2, 'both are seen', 10)
    fourth.signal(signal.SIGTERM)
    for client in clients:
        end(client)
    assert bridge.process.wait(WAIT) == 0 and fourth.wait() in (0, None)


def test_a_second_signal_waits_five_seconds_for_a_stopped_process(lab):
    """However many signals follow, and however long drain_timeout is."""
    bridge = begin(lab, limits={'drain_spread': '0s', 'drain_timeout': '40s', 'close_timeout': '1s'})
    (first, second), clients = chain(lab, bridge, 1, 1)
    first.signal(signal.SIGSTOP)
    began = time.monotonic()
    while not second.ended() and time.monotonic() - began < 15:
        second.signal(signal.SIGTERM)
        time_passes(1)
    took = time.monotonic() - began
    first.signal(signal.SIGCONT)
    assert 4 < took < 9, took
    for client in clients:
        client.hang_up()
    bridge.process.wait(WAIT)


def test_metrics(lab):
    bridge = begin(lab)
    assert samples(lab, bridge.endpoints[0])['wsluice_predecessors'] == 0
    (first, second), clients = chain(lab, bridge, 1, 2)

    def scraped():
        return samples(lab, bridge.endpoints[0])
    assert scraped()['wsluice_predecessors'] == 1
    look(bridge)
    assert scraped()[f'wsluice_predecessor_sessions{{pid="{first.pid}"}}'] == 2
    for client in clients[:2]:
        client.bye()
    assert bridge.process.wait(WAIT) == 0
    until(lambda: scraped()['wsluice_predecessors'] == 0, 'it has gone')
    for client in clients[2:]:
        client.bye()
    second.stop()


def test_a_failed_upgrade_keeps_the_links(lab):
    bridge = begin(lab)
    (first, second), clients = chain(lab, bridge, 1, 1)
    before = second.fds()
    good = bridge.file.read_text()
    bridge.file.write_text('wrokers: 3\n')
    for _ in range(5):
        assert run('upgrade', '--socket', bridge.socket)[0] == 1
    bridge.file.write_text(good)
    assert len(seen(bridge)) == 2
    until(lambda: second.fds() <= before, lambda: f'{second.fds()} descriptors, {before} before')
    for client in clients:
        client.bye()
    assert bridge.process.wait(WAIT) == 0
    second.stop()


def test_an_old_process_outlives_a_crash_of_its_successor(lab):
    bridge = begin(lab)
    (first, second), clients = chain(lab, bridge, 1, 1)
    second.kill()
    second.wait()
    assert clients[0].binary(b'goes on').data(7) == b'goes on'
    clients[0].bye()
    clients[1].hang_up()
    assert bridge.process.wait(WAIT) == 0
    assert first.process.returncode == 0


def test_the_page_of_the_status_names_the_process(lab):
    bridge = begin(lab)
    (first, second), clients = chain(lab, bridge, 1, 1)
    document = status_document(lab, bridge)
    assert {row['process'] for row in document['sessions']['rows']} == {first.pid, second.pid}
    token, victim = document['token'], [r['id'] for r in document['sessions']['rows'] if r['process'] == first.pid][0]
    answer = get(lab, bridge, f'/status?kill={victim}', method='POST', fields={'X-Wsluice-Token': token})
    assert answer.status == 200 and clients[0].end()[1] == 1008
    clients[1].bye()
    assert bridge.process.wait(WAIT) == 0
    time_passes(0.1)
    second.stop()
