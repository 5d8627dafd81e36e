"""Whom the page of SSH in a tab trusts: host keys, hosts.json, its policy, its own origin."""
import json
import shutil

import gateway
import pytest
from chromium import Browser
from shells import Sshd, User, build, serve


@pytest.fixture(name='own')
def fixture_own(lab, built):
    """The page in a folder of the test, for its hosts.json."""
    return shutil.copytree(built, lab.folder / 'page')


def visit(tab, bridge):
    page = tab()
    page.goto(f'http://127.0.0.1:{bridge.port}/shell/')
    return User(page, f'http://127.0.0.1:{bridge.port}')


@pytest.mark.parametrize('kind', ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512'])
def test_host_keys(lab, built, tab, sshd, kind):
    """Each type is shown, pinned, found again, and refused when another machine answers."""
    name = {'s': 'host_ed25519', 'e': 'host_ecdsa', 'r': 'host_rsa'}[kind[0]]
    servers = [Sshd(f'HostKeyAlgorithms={kind}', like=sshd, same=same) for same in (True, False)]
    try:
        bridge = serve(lab, built, servers[0])
        user = User(tab(), f'http://127.0.0.1:{bridge.port}').visit()
        page, (old, new) = user.page, [server.fingerprint(name) for server in servers]
        user.fill(password=servers[0].password).connect()
        assert old in user.decline('has the fingerprint')
        page.wait_text('#login-problem', 'did not accept')
        user.connect().accept()
        user.opened().page.type('exit\n')
        page.wait_text('#why', 'exit status 0')
        bridge.config['routes'][1]['target'] = f'tcp://127.0.0.1:{servers[1].port}'
        gateway.reload(bridge, bridge.config)
        page.click('#reconnect')
        shown = user.decline('has changed')
        page.shot('ssh-changed')
        assert old in shown and new in shown and 'ssh-keygen -lf' in shown
        assert old in page.wait_text('#why', 'has changed')
        page.click('#reconnect')
        user.accept('has changed')
        page.wait_text('#why', 'is forgotten')
        page.click('#reconnect')
        assert new in user.accept()
        user.opened()
        assert user.complaints() == []
    finally:
        for server in servers:
            server.close()


def host(sshd, name='web1', **changed):
    entry = {'name': name, 'url': '../ssh', 'user': 'ada', 'fingerprints': [sshd.fingerprint('host_ed25519')], **changed}
    return {key: value for key, value in entry.items() if value is not None}


def test_a_list_of_machines(lab, own, sshd, tab):
    """Its users are not asked about keys; a key that is not in the list is refused."""
    wrong = 'SHA256:' + 'A' * 43
    (own / 'hosts.json').write_text(json.dumps({'hosts': [host(sshd), host(sshd, 'web2', fingerprints=[wrong]), host(sshd, 'web3', fingerprints=None)]}))
    user = visit(tab, serve(lab, own, sshd))
    page = user.page
    page.wait("() => !document.getElementById('login').hidden")
    assert page.evaluate("() => [...machine.options].map((one) => one.text)") == ['web1', 'web2', 'web3']
    assert page.evaluate("() => document.getElementById('url-field').hidden && user.value") == 'ada'
    page.shot('ssh-machines')
    user.fill(password=sshd.password).connect().opened()
    assert page.text('#title') == 'ada@web1'
    page.type('exit\n')
    user.state('closed')
    page.click('#other')
    page.select('#machine', 'web2')
    user.fill(password=sshd.password).connect()
    refusal = page.wait_text('#login-problem', 'not in hosts.json')
    assert wrong in refusal and sshd.fingerprint('host_ed25519') in refusal
    page.select('#machine', 'web3')
    user.connect().accept('Is this web3?')
    user.opened()
    assert user.complaints() == []


WRONG = {
    '{': 'not JSON',
    '[]': 'must be an object with the key hosts',
    '{"hosts": []}': 'hosts must be a list of 1 to 1000 machines',
    '{"hosts": [{"url": "../ssh"}]}': 'host 1: name is missing',
    '{"hosts": [{"name": "web1"}]}': 'host 1 ("web1"): url is missing',
    '{"hosts": [{"name": "web1", "url": "../ssh", "uesr": "ann"}]}': 'host 1 ("web1"): unknown key "uesr"; known are name, url, user, fingerprints',
    '{"hosts": [{"name": "web1", "url": "ftp://a.example/ssh"}]}': 'must begin with wss:// or ws://',
    '{"hosts": [{"name": "web1", "url": "wss://ann:word@a.example/ssh"}]}': 'leave them out',
    '{"hosts": [{"name": "web1", "url": "../ssh", "user": "a\\nb"}]}': 'user must be a text of one line',
    '{"hosts": [{"name": "web1", "url": "../ssh", "fingerprints": ["MD5:00:11"]}]}': '"MD5:00:11" is not a fingerprint',
    '{"hosts": [{"name": "web1", "url": "../ssh", "fingerprints": []}]}': 'fingerprints must be a list',
    '{"hosts": [{"name": "web1", "url": "a"}, {"name": "web1", "url": "b"}]}': 'two hosts are called "web1"',
    '{"hosts": [{"name": "web1", "url": "a"}], "others": true}': 'unknown key "others"; known are hosts, other',
    '{"hosts": [{"name": "web1", "url": "a"}], "other": "yes"}': 'other must be true or false',
}


def test_a_wrong_list(lab, own, sshd, tab):
    """Each mistake is named, and nothing can be connected: the page must not forget pins."""
    bridge = serve(lab, own, sshd)
    user = visit(tab, bridge)
    for text, message in WRONG.items():
        (own / 'hosts.json').write_text(text)
        user.page.goto(f'{user.base}/shell/')
        assert user.page.wait_text('#problem', message).startswith('hosts.json: ')
        assert user.page.evaluate("() => document.getElementById('login').hidden")
    (own / 'hosts.json').write_text('{"hosts": [{"name": "web1", "url": "a"}], "other": true}')
    user.visit()
    user.page.select('#machine', '')
    assert user.page.evaluate("() => url.value") == f'ws{user.base[4:]}/ssh'
    assert user.complaints() == []


def test_the_policy(lab, own, sshd, tab):
    """The page connects to its own server, and to those that its builder names."""
    bridge, elsewhere = serve(lab, own, sshd), gateway.start(lab, [
        {'path': '/ssh', 'target': f'tcp://127.0.0.1:{sshd.port}', 'origins': 'any'}], file='elsewhere.yaml')
    url = f'ws://127.0.0.1:{elsewhere.port}/ssh'
    user = visit(tab, bridge).visit()
    user.page.fill('#url', url)
    user.fill(password=sshd.password).connect()
    user.page.wait_text('#login-problem', f'--connect=ws://127.0.0.1:{elsewhere.port}')
    assert all('Content Security Policy' in line for line in user.complaints())
    build(own, f'--connect=ws://127.0.0.1:{elsewhere.port}')
    user.visit().page.fill('#url', url)
    user.fill(password=sshd.password).connect().accept()
    user.opened()
    assert user.complaints() == []
    policy = user.page.evaluate("() => document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
    assert 'unsafe' not in policy and "script-src 'self';" in policy and "default-src 'none'" in policy


def test_plain_http_elsewhere(bridge):
    """No cryptography, no connection; the page says what to do."""
    browser = Browser('--host-resolver-rules=MAP desk.example 127.0.0.1')
    try:
        page = browser.page()
        page.goto(f'http://desk.example:{bridge.port}/shell/')
        assert 'open it over https' in page.wait_text('#problem', 'secure context')
        assert page.evaluate("() => document.getElementById('login').hidden")
        page.close()
    finally:
        browser.close()
