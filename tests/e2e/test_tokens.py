"""Targets by token: where it may stand, what its file may be, that changes are seen at once, and that no log has it."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile

import pytest
import targets
from gateway import ANY, PROXIED, ask, get, samples, start, write
from lab import reachable, run
from wire import BINARY, frame, request, until

SECRET = 's3cr3t-t0k3n'


def says(text):
    """A target that tells its name and then echoes."""
    def handler(connection):
        connection.sock.sendall(text.encode())
        targets.echo(connection)
    return handler


def opened(lab, endpoint, path='/', **how):
    """The name of the target at the other end, or the status of a refusal."""
    client = lab.connect(endpoint)
    try:
        answer = client.send(request(path, **how)).answer()
        return client.frame()[1].decode() if answer.status == 101 else answer.status
    finally:
        client.hang_up()


def route(source, path='/*', kind='file', **tokens):
    options = {name: tokens.pop(name) for name in ('allow', 'origins', 'max_sessions', 'name') if name in tokens}
    return {'path': path, 'tokens': {kind: str(source), **tokens}, **options}


@pytest.fixture
def two(lab):
    """Two targets, and a file that leads to both."""
    one, other = lab.target(says('one')), lab.target(says('other'))
    source = lab.folder / 'tokens'
    source.write_text(f'one: 127.0.0.1:{one.port}\n# a comment\n\nthe other: localhost:{other.port}\n'
                      f'{SECRET}: 127.0.0.1:{other.port}\n')
    return source, one, other


# ---- where the token is ----

FORMS = {
    'query': ('query:token', '/x?a=b&token=the%20other', {}, '/x?a=b', {}),
    'a query with a plus': ('query:token', '/?token=the+other', {}, '/?token=', {}),
    'a query of another name': ('query:desk', '/?desk=the+other', {}, '/?token=one', {}),
    'a header': ('header:X-Desk', '/', {'X-Desk': 'the other'}, '/?token=one', {}),
    'a cookie': ('cookie:desk', '/', {'Cookie': 'a=b; desk="the other"'}, '/', {'Cookie': 'a=b'}),
    'the path': ('path', '/the%20other', {}, '/one/other', {}),
    'several places': (['header:X-Desk', 'cookie:desk', 'path'], '/the%20other', {'Cookie': 'desk='}, '/', {}),
}


@pytest.mark.parametrize('form', FORMS.values(), ids=FORMS.keys())
def test_where_a_token_is(lab, two, form):
    place, path, fields, without, fields_without = form
    bridge = start(lab, [route(two[0], **{'from': place})])
    assert opened(lab, bridge.endpoints[0], path, fields=fields) == 'other'
    assert opened(lab, bridge.endpoints[0], without, fields=fields_without) == 403
    assert bridge.session(reason='token_missing')['route'] == '/*'


def test_the_first_place_that_has_a_token_decides(lab, two):
    endpoint = start(lab, [route(two[0], **{'from': ['query:token', 'cookie:desk', 'path']})]).endpoints[0]
    cases = {('/x?token=one', 'desk=the other'): 'one', ('/x', 'desk="the other"'): 'other', ('/one', 'desk='): 'one',
             ('/one?token=nobody', 'desk=one'): 404, ('/?token=', 'a=b'): 403}
    assert {case: opened(lab, endpoint, case[0], fields={'Cookie': case[1]}) for case in cases} == cases


def test_a_token_among_the_subprotocols_is_not_answered(lab, two):
    bridge = start(lab, [route(two[0], **{'from': ['subprotocol', 'query:token']})])
    client = lab.connect(bridge.endpoints[0])
    answer = client.send(request('/', fields={'Sec-WebSocket-Protocol': f'bearer.{SECRET}, mqtt'})).answer()
    assert (answer.status, answer.fields['sec-websocket-protocol']) == (101, 'mqtt')
    assert client.frame()[1] == b'other'
    client.hang_up()
    alone = {'Sec-WebSocket-Protocol': f'bearer.{SECRET}'}
    client = lab.connect(bridge.endpoints[0])
    answer = client.send(request('/', fields=alone)).answer()
    assert answer.status == 101 and 'sec-websocket-protocol' not in answer.fields
    client.hang_up()
    assert opened(lab, bridge.endpoints[0], '/?token=one', fields={'Sec-WebSocket-Protocol': 'bearer.'}) == 'one'
    assert SECRET not in bridge.text


def test_a_user_who_has_not_logged_in_has_no_token(lab, two):
    bridge = start(lab, [route(two[0], **{'from': 'user'})])
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 403


def test_a_user_who_has_logged_in_is_the_token(lab, two):
    """The first place: a user cannot choose the desktop of another one by a token in the link."""
    routes = [{**route(two[0], **{'from': ['user', 'query:token']}), 'auth': [{'header': 'Remote-User'}]}]
    endpoint = start(lab, routes, PROXIED).endpoints[0]
    users = {'one': 'one', 'the other': 'other', 'nobody': 404}
    assert {user: opened(lab, endpoint, '/?token=one', fields={'Remote-User': user}) for user in users} == users


def test_a_token_in_the_host(lab, two):
    source, one, _ = two
    source.write_text(f'desk.example.com: 127.0.0.1:{one.port}\n[::1]: 127.0.0.1:{one.port}\n')
    endpoint = start(lab, [route(source, **{'from': 'host'})]).endpoints[0]
    hosts = {'desk.example.com:6080': 'one', 'desk.example.com': 'one', '[::1]:80': 'one', 'Desk.example.com': 404}
    assert {host: opened(lab, endpoint, fields={'Host': host}) for host in hosts} == hosts


def test_a_token_below_a_prefix(lab, two):
    endpoint = start(lab, [route(two[0], '/desk/*', **{'from': 'path'})]).endpoints[0]
    paths = {'/desk/one': 'one', '/desk/the%20other?token=one': 'other', '/desk/': 403, '/desk/one/': 403,
             '/desk/nobody': 404, '/desk': 404}
    assert {path: opened(lab, endpoint, path) for path in paths} == paths


def test_refusals_tell_nothing(lab, two):
    bridge = start(lab, [route(two[0])])
    answers = [ask(lab, bridge.endpoints[0], path) for path in ('/', '/?token=', '/?token=nobody', '/?token=on')]
    assert [answer.status for answer in answers] == [403, 403, 404, 404]
    assert answers[2].body == answers[3].body and b'nobody' not in answers[2].body
    assert str(two[0]).encode() not in b''.join(answer.body for answer in answers)
    assert 'target' not in bridge.session(reason='token_unknown')


# ---- what a token leads to ----

def test_forms_of_targets(lab):
    unix, four = lab.unix_target(says('unix')), lab.target(says('four'))
    six = lab.target(says('six'), sock=targets.listening(socket.AF_INET6, ('::1', 0)))
    source = lab.folder / 'tokens'
    source.write_text(f'a: unix_socket:{unix.path}\nb: unix:{unix.path}\nc: [::1]:{six.port}\nd: ::1:{six.port}\n'
                      f'e:\t 127.0.0.1:{four.port} \r\nf:g: 127.0.0.1:{four.port}\nlost: 127.0.0.1\n'
                      f'closed: unix:{unix.path}.not\nafter: localhost:{four.port}')
    bridge = start(lab, [route(source, name='desks')])
    wanted = {'a': 'unix', 'b': 'unix', 'c': 'six', 'd': 'six', 'e': 'four', 'f:g': 'four', 'after': 'four',
              'lost': 404, 'closed': 502}
    assert {token: opened(lab, bridge.endpoints[0], f'/?token={token}') for token in wanted} == wanted
    bridge.says(f'{source}:7: ')
    assert bridge.session(target=f'[::1]:{six.port}')['route'] == 'desks'
    assert bridge.session(target=f'unix:{unix.path}')


def test_a_service_as_a_port(lab):
    source = lab.folder / 'tokens'
    source.write_text('web: 127.0.0.1:http-alt\nnone: 127.0.0.1:no-such-service\n')
    bridge = start(lab, [route(source)])
    assert opened(lab, bridge.endpoints[0], '/?token=none') == 404
    assert opened(lab, bridge.endpoints[0], '/?token=web') != 404
    until(lambda: bridge.session(target='127.0.0.1:8080'), lambda: bridge.text)
    bridge.says('no service of this machine')


def test_tls_to_all_targets_but_sockets(lab, certs):
    secure = lab.target(says('secure'), context=certs.server_context(certs.ec, certs.ec_key))
    unix = lab.unix_target(says('unix'))
    source = lab.folder / 'tokens'
    source.write_text(f'tls: localhost:{secure.port}\nunix: unix:{unix.path}\n')
    bridge = start(lab, [route(source, tls=True, ca=str(certs.ca))])
    assert opened(lab, bridge.endpoints[0], '/?token=tls') == 'secure'
    assert opened(lab, bridge.endpoints[0], '/?token=unix') == 'unix'


def test_a_proxy_header_for_all(lab):
    target = lab.target(targets.sink)
    source = lab.folder / 'tokens'
    source.write_text(f'desk: 127.0.0.1:{target.port}\n')
    bridge = start(lab, [route(source, proxy_protocol='v1')])
    lab.open(bridge.endpoints[0], upgrade={'path': '/?token=desk'})
    until(lambda: target.connection().received.startswith(b'PROXY TCP4 127.0.0.1 127.0.0.1 '),
          lambda: target.connection().received)


# ---- changes ----

@pytest.mark.threads
def test_each_change_is_seen_by_the_very_next_client(lab):
    """The same size, the same inode, many within one tick of the file system's clock."""
    desks = [lab.target(says(f'{number}')) for number in range(4)]
    source = lab.folder / 'tokens'
    source.write_text('')
    endpoint = start(lab, [route(source)]).endpoints[0]
    for turn in range(200):
        number = turn * 7 % 4
        text = f'desk-{turn:03}: 127.0.0.1:{desks[number].port}\n'
        if turn % 3:
            source.write_text(text)
        else:
            write_beside = lab.folder / 'next'
            write_beside.write_text(text)
            write_beside.rename(source)
        assert opened(lab, endpoint, f'/?token=desk-{turn:03}') == str(number), turn
    assert opened(lab, endpoint, '/?token=desk-198') == 404


@pytest.mark.threads
@pytest.mark.threads
def test_a_mounted_secret_is_swapped_under_a_crowd(lab):
    """As Kubernetes does it: every name links through "..data", and that is swapped by rename."""
    folder, desks = lab.folder / 'mount', [lab.target(says(f'{number}')) for number in range(6)]
    folder.mkdir()

    def mount(version):
        real = folder / f'..2026_{version}'
        real.mkdir()
        for number in range(100):
            (real / f'desk{number}').write_text(f'desk{number}: 127.0.0.1:{desks[version].port}\n')
        (folder / '..data_tmp').symlink_to(real.name)
        (folder / '..data_tmp').rename(folder / '..data')

    mount(0)
    for number in range(100):
        (folder / f'desk{number}').symlink_to(f'..data/desk{number}')
    endpoint = start(lab, [route(folder)]).endpoints[0]
    for version in range(1, len(desks)):
        mount(version)
        crowd = [lab.connect(endpoint).send(request(f'/?token=desk{number}')) for number in range(40)]
        for client in crowd:
            assert client.answer().status == 101
            assert client.frame()[1].decode() == f'{version}'
            client.hang_up()


HANGING_FOLDERS = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
DIR *opendir(const char *path)
{
    DIR *(*real)(const char *) = (DIR *(*)(const char *))dlsym(RTLD_NEXT, "opendir");
    while (access(getenv("HANGS"), F_OK) == 0)
        usleep(1000);
    return real(path);
}
"""


@pytest.mark.release_only
@pytest.mark.usefixtures('preloads')
def test_a_folder_that_hangs_holds_up_its_own_clients(lab, two):
    (lab.folder / 'hang.c').write_text(HANGING_FOLDERS)
    subprocess.run(['cc', '-shared', '-fPIC', '-o', lab.folder / 'hang.so', lab.folder / 'hang.c', '-ldl'], check=True)
    folder, hangs = lab.folder / 'folder', lab.folder / 'hangs'
    folder.mkdir()
    routes = [route(folder), route(two[0], '/file/*'), {'path': '/metrics', 'metrics': True}]
    file = write(lab.folder / 'hang.yaml', {'workers': 2, 'listeners': [{'address': ANY}], 'routes': routes,
                                            'limits': {'handshake_timeout': '1s'}})
    bridge = lab.start('--config', file, env={'LD_PRELOAD': str(lab.folder / 'hang.so'), 'HANGS': str(hangs)})
    hangs.touch()
    (folder / 'new').write_text(f'new: 127.0.0.1:{two[1].port}\n')
    crowd = [lab.connect(bridge).send(request('/?token=new')) for _ in range(50)]
    assert opened(lab, bridge, '/file/?token=one') == 'one'
    assert get(lab, bridge, '/metrics').status == 200
    assert all(client.answer().status == 503 for client in crowd)
    assert 'in time' in bridge.session(49, reason='token_source')['detail']
    hangs.unlink()
    until(lambda: opened(lab, bridge, '/?token=new') == 'one', lambda: bridge.text)
    hangs.touch()
    (folder / 'new').write_text(f'new: 127.0.0.1:{two[2].port}\n')
    client = lab.connect(bridge).send(request('/?token=new'))
    until(lambda: get(lab, bridge, '/metrics').status == 200, 'it serves')
    bridge.signal(signal.SIGTERM)
    assert client.answer().status == 503
    assert bridge.wait() == 0


def test_clients_that_leave_while_tokens_are_read(lab, two):
    """The others of the same crowd get what was written before they came."""
    folder = lab.folder / 'many'
    folder.mkdir()
    for number in range(30):
        (folder / f'{number}').write_text(f'{number}: 127.0.0.1:{two[1].port}\n')
    bridge = start(lab, [route(folder)])
    for turn in range(5):
        (folder / 'new').write_text(f'new: 127.0.0.1:{two[1 + turn % 2].port}\n')
        crowd = [lab.connect(bridge.endpoints[0]).send(request('/?token=new')) for _ in range(20)]
        for client in crowd[::2]:
            client.reset()
        for client in crowd[1::2]:
            assert client.answer().status == 101
            assert client.frame()[1].decode() == ('one', 'other')[turn % 2]
            client.hang_up()


def test_a_folder_of_files(lab, two):
    _, one, other = two
    folder = lab.folder / 'tokens.d'
    folder.mkdir()
    (folder / 'deeper').mkdir()
    (folder / 'deeper/file').write_text(f'deep: 127.0.0.1:{one.port}\n')
    (folder / '20').write_text(f'both: 127.0.0.1:{other.port}\n')
    (folder / '.10').write_text(f'both: 127.0.0.1:{one.port}\nhidden: 127.0.0.1:{one.port}')
    endpoint = start(lab, [route(folder)]).endpoints[0]
    assert [opened(lab, endpoint, f'/?token={token}') for token in ('both', 'hidden', 'deep')] == ['other', 'one', 404]
    for turn in range(50):
        name = folder / f'desk-{turn}'
        name.write_text(f'new-{turn}: 127.0.0.1:{one.port}\n')
        assert opened(lab, endpoint, f'/?token=new-{turn}') == 'one'
        name.unlink()
        assert opened(lab, endpoint, f'/?token=new-{turn}') == 404
    (folder / '20').unlink()
    assert opened(lab, endpoint, '/?token=both') == 'one'


@pytest.mark.parametrize('form', [{'kind': 'directory'}, {'format': 'names'}], ids=['directory', 'names'])
def test_a_file_for_each_token(lab, two, form):
    _, one, other = two
    folder = lab.folder / 'names'
    folder.mkdir()
    (folder / 'desk one').write_text(f'\n 127.0.0.1:{one.port} \n')
    (folder / 'bad').write_text('nothing')
    (lab.folder / 'outside').write_text(f'127.0.0.1:{one.port}')
    (folder / 'link').symlink_to('../outside')
    bridge = start(lab, [route(folder, **form)])
    endpoint = bridge.endpoints[0]
    assert opened(lab, endpoint, '/?token=desk+one') == 'one'
    (folder / 'desk one').write_text(f'127.0.0.1:{other.port}')
    assert opened(lab, endpoint, '/?token=desk+one') == 'other'
    for token in ('link', '..%2Foutside', '%2Fetc%2Fpasswd', '.', '..', 'x%00', 'bad%00', 'desk+one%2F', 'nobody'):
        assert opened(lab, endpoint, f'/?token={token}') == 404, token
    assert opened(lab, endpoint, '/?token=bad') == 503
    assert 'not HOST:PORT' in bridge.session(reason='token_source')['detail']
    assert 'bad' not in bridge.text


def test_a_source_that_comes_and_goes(lab, two):
    source, _, _ = two
    text = source.read_text()
    source.unlink()
    bridge = start(lab, [route(source)])
    assert bridge.text.count('No such file') == 1
    for _ in range(3):
        assert opened(lab, bridge.endpoints[0], '/?token=one') == 503
    assert f'{source}: No such file' in bridge.session(reason='token_source')['detail']
    source.write_text(text)
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 'one'
    source.unlink()
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 503
    source.mkdir()
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 404
    source.rmdir()
    os.mkfifo(source)
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 503


def test_a_source_that_may_not_be_read(lab, two):
    text = two[0].read_text()
    somebody = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:  # root's other folders are closed to anybody else
        os.chmod(folder, 0o755)
        source = pathlib.Path(folder) / 'tokens'
        source.write_text(text)
        source.chmod(0)
        bridge = lab.start('--target-config', source, '127.0.0.1:0', binary=reachable(folder), **somebody)
        assert opened(lab, bridge, '/?token=one') == 503
        assert 'Permission denied' in bridge.session(reason='token_source')['detail']
        source.chmod(0o644)
        assert opened(lab, bridge, '/?token=one') == 'one'


def test_warnings_come_once_for_each_change(lab, two):
    source, _, _ = two
    source.write_text(source.read_text() + f'{SECRET} without a colon\n')
    bridge = start(lab, [route(source)])
    for _ in range(5):
        assert opened(lab, bridge.endpoints[0], '/?token=one') == 'one'
    assert bridge.text.count(f'{source}:6: ') == 1
    assert SECRET not in bridge.text


def test_many_tokens(lab, two):
    source, one, _ = two
    with source.open('a', encoding='ascii') as file:
        for number in range(10000):
            file.write(f'token-{number}: 127.0.0.1:{one.port}\n')
    endpoint = start(lab, [route(source)]).endpoints[0]
    assert [opened(lab, endpoint, f'/?token=token-{number}') for number in (0, 4711, 9999, 10000)] == ['one'] * 3 + [404]


@pytest.mark.threads
def test_reload_takes_another_source(lab, two):
    source, _, other = two
    bridge = start(lab, [route(source)])
    client = lab.open(bridge.endpoints[0], upgrade={'path': '/?token=one'})
    assert client.frame()[1] == b'one'
    second = lab.folder / 'second'
    second.write_text(f'one: 127.0.0.1:{other.port}\n')
    write(bridge.file, {**bridge.config, 'routes': [route(second)]})
    bridge.signal(signal.SIGHUP)
    until(lambda: opened(lab, bridge.endpoints[0], '/?token=one') == 'other', lambda: bridge.text)
    assert client.send(frame(BINARY, b'still there')).frame()[1] == b'still there'


# ---- what else holds ----

def test_other_locks_come_first(lab, two):
    source, one, _ = two
    listeners = [{'address': ANY, 'routes': ['far', 'few', 'page']}]
    bridge = start(lab, [route(source, '/far', name='far', allow=['192.0.2.0/24']),
                         route(source, '/few', name='few', max_sessions=1),
                         route(source, '/page', name='page', origins=['https://desk.example.com'])], listeners)
    endpoint = bridge.endpoints[0]
    assert opened(lab, endpoint, '/far?token=one') == 403
    lab.open(endpoint, upgrade={'path': '/few?token=one'})
    assert opened(lab, endpoint, '/few?token=one') == 503
    assert opened(lab, endpoint, '/few?token=nobody') == 404
    assert opened(lab, endpoint, '/page?token=one', fields={'Origin': 'https://evil.example.com'}) == 403
    assert one.connection() and len(one.connections) == 1
    wanted = {'address_refused', 'too_many_route', 'token_unknown', 'origin_refused'}
    until(lambda: {record['reason'] for record in bridge.records()} == wanted, lambda: bridge.text)


def test_hostile_tokens(lab, two):
    bridge = start(lab, [route(two[0])], limits={'head_size': '64KiB'})
    endpoint = bridge.endpoints[0]
    hostile = ['%00', 'one%00', '%ff%fe', '../one', 'one%0d%0aX:%20y', '%0aone', ':', 'one:', '*',
               '{one}', "one'", 'a' * 4096, 'a' * 4097, '%61' * 9000, '%25one', 'one%20', '%20one']
    for token in hostile:
        assert opened(lab, endpoint, f'/?token={token}') == 404, token[:20]
    for token, wanted in {'one%0A': 'one', '%6f%6E%65': 'one', '%0A': 403}.items():
        assert opened(lab, endpoint, f'/?token={token}') == wanted
    assert {opened(lab, endpoint, f'/?token={token}') for token in ('%', '%4', '%zz', '"one"', 'ä')} <= {400, 404}
    assert ask(lab, endpoint, '/?token=' + 'a' * 65536).status in (414, 431)
    assert opened(lab, endpoint, '/?token=nobody&token=one') == 404


@pytest.mark.parametrize('form', ['text', 'json'])
def test_no_log_has_a_token(lab, two, form):
    source, _, other = two
    log = {'level': 'debug', 'format': form}
    bridge = start(lab, [route(source, '/q/*'), route(source, '/p/*', **{'from': 'path'}),
                         route(source, '/h/*', **{'from': 'header:X-Desk'}),
                         route(source, '/c/*', **{'from': 'cookie:desk'}),
                         route(lab.folder, '/n/*', 'directory', **{'from': ['query:none', 'path']}),
                         {'path': '/metrics', 'metrics': True}], log=log)
    endpoint = bridge.endpoints[0]
    (lab.folder / f'{SECRET}-bad').write_text('nothing')
    for token in (SECRET, SECRET + '-x'):
        for path in (f'/q/?token={token}', f'/p/{token}', f'/p/{token}?token={token}', '/h/x', '/c/x'):
            fields = {'X-Desk': token, 'Cookie': f'desk={token}'}
            assert opened(lab, endpoint, path, fields=fields) == ('other' if token == SECRET else 404)
    assert opened(lab, endpoint, f'/n/{SECRET}-bad') == 503
    for path in (f'/q/?token={SECRET}', f'/p/{SECRET}', f'/n/{SECRET}', f'/h/{SECRET}/..', f'/p/{SECRET}%zz'):
        assert get(lab, endpoint, path).status in (400, 404, 426)
    assert get(lab, endpoint, f'/p/{SECRET}', method='POST').status in (405, 426)
    until(lambda: len(bridge.records()) >= 16, lambda: bridge.text)
    assert bridge.session(target=f'127.0.0.1:{other.port}', route='/p/*')
    scrape = samples(lab, endpoint)
    assert 'wsluice_route_ended_total{route="/p/*",reason="token_unknown"}' in scrape
    assert scrape['wsluice_target_up{target="tokens"}'] == 1
    assert SECRET not in json.dumps(scrape)
    assert SECRET not in bridge.text


# ---- the command line ----

def test_check_looks_at_the_source(lab, two):
    source, _, _ = two
    config = {'listeners': [ANY], 'routes': [route(source, '/a'), route(lab.folder, '/b', format='names')]}
    file = write(lab.folder / 'check.yaml', config)
    status, out, error = run('check', file)
    assert status == 0, error
    assert f'tokens {source}: 3 known' in out and f'tokens {lab.folder}: a file for each token' in out
    source.write_text(f'{SECRET}\n')
    status, out, error = run('check', file)
    assert status == 0 and f'{source}:1: ' in error and f'tokens {source}: 0 known' in out
    assert SECRET not in out + error
    source.unlink()
    status, _, error = run('check', file)
    assert status == 1 and f"tokens '{source}': No such file" in error


def test_websockifys_flags(lab, two):
    source, _, _ = two
    for flags in (['--token-plugin', 'TokenFile', '--token-source', source],
                  ['--token-plugin=ReadOnlyTokenFile', f'--token-source={source}'],
                  ['--target-config', source]):
        bridge = lab.start('127.0.0.1:0', *flags)
        assert opened(lab, bridge, '/websockify?token=the%20other') == 'other'
        assert opened(lab, bridge, '/') == 403
        assert opened(lab, bridge, '/?token=nobody') == 404


def test_flags_for_names_and_hosts(lab, two):
    source, one, _ = two
    folder = lab.folder / 'names'
    folder.mkdir()
    (folder / 'desk').write_text(f'127.0.0.1:{one.port}')
    bridge = lab.start('--token-plugin', 'TokenFileName', '--token-source', folder, '127.0.0.1:0')
    assert opened(lab, bridge, '/?token=desk') == 'one'
    source.write_text(f'desk.example.com: 127.0.0.1:{one.port}\n')
    bridge = lab.start('--token-plugin=TokenFile', f'--token-source={source}', '--host-token', '127.0.0.1:0')
    assert opened(lab, bridge, fields={'Host': 'desk.example.com:6080'}) == 'one'
    assert opened(lab, bridge, '/?token=desk.example.com') == 404


def test_a_relative_source_is_found_from_where_it_started(lab, two):
    bridge = lab.start('--token-plugin=TokenFile', '--token-source=tokens', '127.0.0.1:0', cwd=lab.folder)
    assert opened(lab, bridge, '/?token=one') == 'one'
    status, out, _ = run('--token-plugin=TokenFile', '--token-source=tokens', '--ssl-target', '--print-config', '6080',
                         cwd=lab.folder)
    assert status == 0 and f'file: {two[0]}' in out
    assert 'tls: true' in out and 'target' not in out.split('routes:')[1]
    printed = lab.folder / 'printed.yaml'
    printed.write_text(out)
    status, _, error = run('check', printed)
    assert status == 0, error


def test_a_page_needs_no_token(lab, two):
    web = lab.folder / 'web'
    web.mkdir()
    (web / 'vnc.html').write_text('the page')
    bridge = lab.start('--web=web', '--token-plugin=TokenFile', '--token-source=tokens', '127.0.0.1:0', cwd=lab.folder)
    assert get(lab, bridge, '/vnc.html').body == b'the page'
    assert opened(lab, bridge, '/vnc.html?token=one') == 'one'
    assert opened(lab, bridge, '/vnc.html') == 403


def test_a_dead_target_is_told_after_the_upgrade(lab):
    source = lab.folder / 'tokens'
    refusing = targets.refusing_port()
    source.write_text(f'desk: 127.0.0.1:{refusing.getsockname()[1]}\n')
    bridge = lab.start('--target-config', source, '127.0.0.1:0')
    client = lab.open(bridge, upgrade={'path': '/?token=desk'})
    assert client.frame()[1].startswith(b'\x03\xf3')
    refusing.close()


WRONG = {
    'a source without a plugin': (['--token-source=x', '6080'], 2, 'You must use --token-plugin'),
    'a host token without a plugin': (['--host-token', '6080'], 2, 'You must use --token-plugin'),
    'a plugin without a source': (['--token-plugin=TokenFile', '6080'], 2, 'You must use --token-source'),
    'a target': (['--target-config=x', '6080', 'localhost:5900'], 2, 'Too many arguments'),
    'a Unix target': (['--target-config=x', '--unix-target=/x', '6080'], 2, '--unix-target'),
    'no listener': (['--target-config=x'], 2, 'Too few arguments'),
    'a server without a host': (['--token-plugin=TokenRedis', '--token-source=:6379', '6080'], 2, 'HOST[:PORT'),
    'a key that is not there': (['--token-plugin=JWTTokenApi', '--token-source=/no/such/key', '6080'], 1, 'No such file'),
    'a Python class': (['--token-plugin=my.Tokens', '--token-source=x', '6080'], 1, 'Python'),
    'no class': (['--token-plugin=Tokens', '--token-source=x', '6080'], 1, 'no such class'),
    'names in a file': (['--token-plugin=TokenFileName', f'--token-source={__file__}', '127.0.0.1:0'], 1, 'folder'),
}


@pytest.mark.parametrize('case', WRONG.values(), ids=WRONG.keys())
def test_wrong_flags(case):
    arguments, wanted, words = case
    status, _, error = run(*arguments)
    assert status == wanted, error
    assert words in error or ('JWT' in ' '.join(arguments) and 'was built without jansson' in error)
