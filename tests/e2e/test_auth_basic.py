"""The method `basic`: user and password of a users file, as curl, browsers' links and libraries send them."""
import asyncio
import base64
import contextlib
import json
import os
import pathlib
import subprocess

import gateway
import pytest
import targets
import websockets
from gateway import ANY, PROXIED, ask, get, reload, there
from lab import run
from users_file import credentials, crypted, set_password, write_users
from wire import request, until


def start(lab, routes, *listeners, **process):
    """Passwords are hashed by threads that give way to all others: on a busy machine that takes its time."""
    return gateway.start(lab, routes, *listeners, **{'limits': {'handshake_timeout': '1m'}, **process})


def guarded(lab, users, **more):
    (lab.folder / 'page.html').write_text('secret page')
    return {'path': '/desk/*', 'target': there(lab.target(targets.echo)), 'files': str(lab.folder),
            'auth': [{'basic': {'users': str(users), 'realm': 'Desks'}}], **more}


def status(lab, bridge, user, word, address='203.0.113.9'):
    fields = {'X-Forwarded-For': address, **credentials(user, word)}
    return ask(lab, bridge, '/desk/1', fields=fields).status


def curl(bridge, *arguments):
    url = f'http://127.0.0.1:{bridge.endpoints[0].port}/desk/page.html'
    command = ['curl', '-sS', '--noproxy', '*', '-w', '%{http_code}', *arguments, url]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=20).stdout


def test_curl(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    assert curl(bridge, '-u', 'ann:sesame') == 'secret page200'
    assert curl(bridge, '-u', 'bob:p:ä') == 'secret page200'
    for wrong in (('-u', 'ann:sesam'), ('-u', 'carol:sesame'), ('-u', 'ann:'), ('--oauth2-bearer', 'sesame'), ()):
        answer = curl(bridge, *wrong)
        assert answer.endswith('401') and 'secret' not in answer
    answer = get(lab, bridge.endpoints[0], '/desk/page.html')
    assert answer.fields['www-authenticate'] == 'Basic realm="Desks", charset="UTF-8"'
    assert bridge.session(reason='auth_failed')['route'] == '/desk/*'
    assert 'sesam' not in bridge.text and credentials('ann', 'sesame')['Authorization'][6:] not in bridge.text


@pytest.mark.parametrize('user, expected', [('ann:sesame@', b'hello'), ('ann:other@', 401), ('', 401)])
def test_a_link_with_a_password(lab, users, user, expected):
    bridge = start(lab, [guarded(lab, users)])

    async def talk():
        async with websockets.connect(f'ws://{user}127.0.0.1:{bridge.endpoints[0].port}/desk/1',
                                      open_timeout=20) as client:
            await client.send(b'hello')
            return await client.recv()
    try:
        found = asyncio.run(talk())
    except websockets.InvalidStatusCode as refused:
        found = refused.status_code
    assert found == expected
    if expected == b'hello':
        assert bridge.session(user='ann')['route'] == '/desk/*'


def test_malformed_credentials(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    good = credentials('ann', 'sesame')['Authorization']
    for wrong in ('Basic', 'Basic !', good + '=', good[:-1], good + ' x', good.replace('Basic', 'Digest'),
                  'Basic ' + base64.b64encode(b'ann:sesame\0').decode(), 'Basic ' + base64.b64encode(b'ann').decode(),
                  'Basic ' + base64.b64encode(b'ann:' + b's' * 2000).decode()):
        assert get(lab, bridge.endpoints[0], '/desk/page.html', fields={'Authorization': wrong}).status == 401, wrong
    twice = f'GET /desk/page.html HTTP/1.1\r\nHost: h\r\nAuthorization: {good}\r\nAuthorization: {good}\r\n\r\n'
    assert ask(lab, bridge.endpoints[0], raw=twice.encode()).status in (400, 401)
    assert get(lab, bridge.endpoints[0], '/desk/page.html', fields={'authorization': good}).status == 200


def test_changes_are_taken_up(lab, users):
    """A password that is changed or taken away counts no more, from the next request on."""
    bridge = start(lab, [guarded(lab, users)], PROXIED)
    client = lab.connect(bridge.endpoints[0])
    client.send(request('/desk/1', fields=credentials('ann', 'sesame')))
    assert client.answer().status == 101
    assert 'ann changed' in set_password(users, 'ann', 'new words')
    assert status(lab, bridge, 'ann', 'sesame') == 401
    assert status(lab, bridge, 'ann', 'new words') == 101
    assert 'carol added (bcrypt)' in set_password(users, 'carol', 'third', '--method', 'bcrypt')
    assert status(lab, bridge, 'carol', 'third') == 101
    assert run('passwd', '--delete', users, 'ann')[0] == 0
    assert status(lab, bridge, 'ann', 'new words') == 401
    assert client.binary(b'still here').data(10) == b'still here', 'sessions that are open stay'
    client.hang_up()


def test_a_broken_file_keeps_nobody_in(lab, users):
    good = users.read_text()
    bridge = start(lab, [guarded(lab, users)], PROXIED)
    assert status(lab, bridge, 'ann', 'sesame') == 101
    for broken in (lambda: write_users(users, good + 'carol:plain\n'), users.unlink):
        broken()
        assert status(lab, bridge, 'ann', 'sesame') == 503
        write_users(users, good)
        assert status(lab, bridge, 'ann', 'sesame') == 101
    bridge.says(f'{users}:4: no password hash')
    bridge.says('nobody is let in until')
    assert 'plain' not in bridge.text.replace('no password hash', '')
    assert bridge.session(reason='auth_unavailable')['detail'].startswith('users: ')
    write_users(users, 'ann:sesame\n')
    reload(bridge, done=False)
    assert status(lab, bridge, 'ann', 'sesame') == 503
    write_users(users, good)
    reload(bridge)
    assert status(lab, bridge, 'ann', 'sesame') == 101


def test_a_plain_password_is_refused_at_start(lab, users):
    write_users(users, 'ann:sesame\n')
    config = {'listeners': [ANY], 'routes': [guarded(lab, users, host='desk')]}
    file = lab.folder / 'gateway.yaml'
    file.write_text(json.dumps(config))
    for command in (('check', file), ('--config', file)):
        code, out, err = run(*command)
        assert code == 1 and f'{users}:1: no password hash, perhaps the password itself' in out + err
        assert 'wsluice passwd' in out + err and 'sesame' not in out + err


def priorities(pid):
    """(nice, policy) of each thread."""
    found = set()
    for thread in pathlib.Path(f'/proc/{pid}/task').iterdir():
        with contextlib.suppress(OSError):  # it has ended
            fields = (thread / 'stat').read_text().rpartition(')')[2].split()
            found.add((int(fields[16]), int(fields[38])))
    return found


@pytest.mark.parametrize('sandbox', ['auto', 'off'])
def test_hashing_gives_way(lab, users, sandbox):
    """It runs while a processor is free, or with a third of what a session gets: also in the sandbox."""
    write_users(users, 'ann:$2b$14$abcdefghijklmnopqrstuuYoA/Ig5dOcHJ1Uzls.zCgSC7r9v4W76\n')  # takes a second or more
    bridge = start(lab, [guarded(lab, users)], sandbox=sandbox)
    before, own = priorities(bridge.pid), os.getpriority(os.PRIO_PROCESS, 0)
    assert before == {(own, os.SCHED_OTHER)}
    client = lab.connect(bridge)
    client.send(request('/desk/1', fields=credentials('ann', 'guess')))
    until(lambda: priorities(bridge.pid) - before <= {(own, os.SCHED_IDLE), (min(own + 5, 19), os.SCHED_OTHER)} and
          priorities(bridge.pid) != before, 'a thread that gives way')
    client.reset()


def test_failures_back_off(lab, users):
    """By address and by user; who has logged in from there before does not wait for others."""
    bridge = start(lab, [guarded(lab, users)], PROXIED)
    assert status(lab, bridge, 'ann', 'sesame', '198.51.100.7') == 101
    for guess in range(5):
        assert status(lab, bridge, 'ann', f'guess{guess}') == 401
    # A wait may pass before the next guess, on a slow machine; each one is twice as long.
    answers = [ask(lab, bridge, '/desk/1', fields={'X-Forwarded-For': '203.0.113.9', **credentials('ann', f'new{guess}')})
               for guess in range(5)]
    answer = next(answer for answer in answers if answer.status == 429)
    assert answer.fields['retry-after'] in ('1', '2', '4', '8')
    assert 'www-authenticate' not in answer.fields
    assert bridge.session(reason='auth_throttled')['client'].startswith('203.0.113.9')
    # Not with the right password: a verdict that is remembered needs no guess.
    elsewhere = [status(lab, bridge, 'ann', f'other{guess}', f'203.0.113.{100 + guess}') for guess in range(12)]
    assert set(elsewhere) == {401, 429}, 'of the user, from anywhere'
    assert status(lab, bridge, 'ann', 'sesame', '198.51.100.7') == 101
    assert status(lab, bridge, 'bob', 'p:ä', '192.0.2.1') == 101


def test_a_repeated_old_password_locks_nobody_out(lab, users):
    """As browsers do that keep one: it is one failure."""
    bridge = start(lab, [guarded(lab, users)], PROXIED)
    for _ in range(20):
        assert status(lab, bridge, 'ann', 'old') == 401
    assert status(lab, bridge, 'ann', 'sesame') == 101


@pytest.mark.release_only
def test_unknown_users_cost_the_same(lab, users):
    write_users(users, f'ann:{crypted("sesame", "$6$rounds=100000$abcdefgh")}\n')
    bridge = start(lab, [guarded(lab, users)], PROXIED)

    def cost(user, number):
        """In processor time, which other processes do not change much."""
        fields = {'X-Forwarded-For': f'203.0.113.{number}', **credentials(user, f'guess {number}')}
        before = bridge.cpu()
        assert ask(lab, bridge, '/desk/1', fields=fields).status == 401
        return bridge.cpu() - before
    known = sum(cost('ann', number) for number in range(8))
    unknown = sum(cost(f'nobody{number}', number + 100) for number in range(8))
    nothing = sum(cost('ann', 0) for _ in range(8))
    assert unknown > 0.6 * known and nothing < 0.5 * known, (known, unknown, nothing)


def test_many_at_once(lab, users):
    """One page, many requests: all are let in."""
    bridge = start(lab, [guarded(lab, users)], PROXIED)
    clients = []
    for number in range(30):
        word = 'sesame' if number % 3 else 'wrong'
        client = lab.connect(bridge.endpoints[0])
        client.send(request('/desk/1', fields={'X-Forwarded-For': '203.0.113.9', **credentials('ann', word)}))
        clients.append((client, 101 if number % 3 else 401))
    for client, expected in clients:
        assert client.answer().status == expected
        client.hang_up()
    bridge.rests()


def test_clients_that_leave_while_they_wait(lab, users):
    write_users(users, f'ann:{crypted("sesame", "$6$rounds=200000$abcdefgh")}\n')
    bridge = start(lab, [guarded(lab, users)], PROXIED)
    for number in range(20):
        client = lab.connect(bridge.endpoints[0])
        client.send(request('/desk/1', fields={'X-Forwarded-For': f'203.0.113.{number}',
                                               **credentials('ann', f'guess{number % 4}')}))
        client.hang_up()
    assert status(lab, bridge, 'bob', 'any', '198.51.100.1') == 401
    bridge.rests()
