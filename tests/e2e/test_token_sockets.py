"""Targets that are Unix sockets of a folder, by their names: no name leads out of it, and none is told."""
import json
import os
import socket
import tempfile
import threading

import pytest
from gateway import ANY, ask, samples, start, write
from lab import run
from test_tokens import opened, says
from wire import until

SECRET = 's3cr3t-d3sk'
MANY = 20000


@pytest.fixture
def desks(lab, short_folder):
    """A folder with two sockets, and one outside of it."""
    (short_folder / 'desks').mkdir()
    for name in ('desks/one', 'desks/desk two', 'outside'):
        lab.unix_target(says(name), path=str(short_folder / name))
    return short_folder / 'desks'


def route(folder, path='/*', **tokens):
    return {'path': path, 'tokens': {'sockets': str(folder), **tokens}}


def test_a_socket_for_each_token(lab, desks):
    bridge = start(lab, [route(desks), route(desks, '/desk/*', **{'from': 'path'})])
    endpoint = bridge.endpoints[0]
    assert opened(lab, endpoint, '/?token=one') == 'desks/one'
    assert opened(lab, endpoint, '/?token=desk+two') == 'desks/desk two'
    assert opened(lab, endpoint, '/desk/desk%20two') == 'desks/desk two'
    assert opened(lab, endpoint, '/?token=nobody') == 404
    lab.unix_target(says('new'), path=str(desks / 'new'))
    assert opened(lab, endpoint, '/?token=new') == 'new'
    (desks / 'new').unlink()
    assert opened(lab, endpoint, '/?token=new') == 404


TRICKS = ('..%2Foutside', '..', '.', '%2E%2E%2Foutside', '..%252Foutside', 'link', 'chain', 'up', 'hard', 'file', 'one%2F',
          'one%00', 'one%00.sock', '%00', '.hidden', 'one%0Ax', '%2Frun%2Fdocker.sock', 'folder', 'folder%2Fdeep', './one',
          'one/../one', '../desks/one', '%5C..%5Coutside', 'ONE', 'on%65%20', '*', 'n' * 256, 'n' * 4096)


def test_no_name_leads_out_of_the_folder(lab, desks):
    outside = desks.parent / 'outside'
    (desks / 'link').symlink_to(outside)
    (desks / 'chain').symlink_to('link')
    (desks / 'up').symlink_to('../outside')
    os.link(outside, desks / 'hard')
    (desks / 'file').write_text('127.0.0.1:1')
    (desks / 'folder').mkdir()
    lab.unix_target(says('hidden'), path=str(desks / '.hidden'))
    lab.unix_target(says('deep'), path=str(desks / 'folder/deep'))
    bridge = start(lab, [route(desks), route(desks, '/p/*', **{'from': 'path'})])
    for token in TRICKS:
        assert opened(lab, bridge.endpoints[0], f'/?token={token}') in (404, 414), token
    for path in ('/p/link', '/p/..%2Foutside', '/p/%2e%2e/outside', '/p/one/', '/p/one%00', '/p/.hidden'):
        assert opened(lab, bridge.endpoints[0], path) in (400, 403, 404), path
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 'desks/one'


def test_a_link_in_place_of_a_socket_leads_nowhere(lab, desks):
    """The owner of the folder swaps a socket and a link to another one, as fast as it can."""
    reached = []
    secret = desks.parent / 'secret'
    lab.unix_target(lambda connection: reached.append(1), path=str(secret))
    bridge = start(lab, [route(desks)])
    stop = threading.Event()

    def swap():
        os.symlink(secret, desks / 'link')
        while not stop.is_set():
            os.rename(desks / 'one', desks / 'own')
            os.rename(desks / 'link', desks / 'one')
            os.rename(desks / 'one', desks / 'link')
            os.rename(desks / 'own', desks / 'one')

    swapper = threading.Thread(target=swap)
    swapper.start()
    results = {opened(lab, bridge.endpoints[0], '/?token=one') for _ in range(300)}
    stop.set()
    swapper.join()
    assert results <= {'desks/one', 404, 502} and not reached
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 'desks/one'


@pytest.mark.parametrize('form', ['text', 'json'])
def test_no_log_and_no_metric_has_the_name(lab, desks, form):
    lab.unix_target(says('secret'), path=str(desks / SECRET))
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(desks / f'{SECRET}-dead'))
    bridge = start(lab, [route(desks), route(desks, '/p/*', **{'from': 'path'}), {'path': '/metrics', 'metrics': True}],
                   log={'level': 'debug', 'format': form})
    endpoint = bridge.endpoints[0]
    assert opened(lab, endpoint, f'/?token={SECRET}') == opened(lab, endpoint, f'/p/{SECRET}') == 'secret'
    assert opened(lab, endpoint, f'/?token={SECRET}-dead') == 502
    assert opened(lab, endpoint, f'/?token={SECRET}-none') == 404
    refused = bridge.session(reason='target_refused')
    assert refused['target'] == f'unix:{desks}/*' and f'unix:{desks}/*: Connection refused' in refused['detail']
    until(lambda: len(bridge.records()) >= 4, lambda: bridge.text)
    assert SECRET not in bridge.text
    scrape = samples(lab, endpoint)
    assert f'wsluice_token_target_sessions_total{{route="/*",target="unix:{desks}/*"}}' in scrape
    assert SECRET not in json.dumps(scrape)
    dead.close()


def test_a_folder_that_comes_and_goes(lab, desks):
    away = desks.parent / 'away'
    desks.rename(away)
    bridge = start(lab, [route(desks)])
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 503
    assert f'{desks}: No such file' in bridge.session(reason='token_source')['detail']
    away.rename(desks)
    assert opened(lab, bridge.endpoints[0], '/?token=one') == 'desks/one'


def test_many_sockets(lab):
    """A look-up costs the same for any number of them."""
    with tempfile.TemporaryDirectory(prefix='wsluice-desks-', dir='/dev/shm') as folder:
        for number in range(MANY):
            os.mknod(f'{folder}/desk-{number}', 0o140600)
        lab.unix_target(says('one'), path=f'{folder}/one')
        endpoint = start(lab, [route(folder)]).endpoints[0]
        for _ in range(50):
            assert opened(lab, endpoint, '/?token=one') == 'one'
            assert opened(lab, endpoint, f'/?token=desk-{MANY}') == 404
        assert opened(lab, endpoint, f'/?token=desk-{MANY - 1}') == 502


def test_check_looks_at_the_folder(lab, desks):
    file = lab.folder / 'gateway.yaml'

    def check(folder):
        write(file, {'listeners': [{'address': ANY}], 'routes': [route(folder)]})
        return run('check', file)
    status, out, error = check(desks)
    assert status == 0 and f'tokens {desks}: a socket for each token' in out, error
    desks.rename(desks.parent / 'away')
    status, _, error = check(desks)
    assert status == 1 and f"tokens.sockets: tokens '{desks}': No such file" in error
    (lab.folder / 'file').write_text('')
    status, _, error = check(lab.folder / 'file')
    assert status == 1 and 'tokens.sockets' in error


def test_the_name_is_in_no_answer(lab, desks):
    bridge = start(lab, [route(desks)])
    answer = ask(lab, bridge.endpoints[0], f'/?token={SECRET}')
    assert answer.status == 404 and SECRET.encode() not in answer.body and str(desks).encode() not in answer.body
