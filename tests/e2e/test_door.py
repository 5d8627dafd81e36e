"""Ways around the methods of authentication: requests that are another thing than they seem."""
import pytest
import targets
from gateway import ask, start, there
from test_login import Browser, guarded
from users_file import credentials
from wire import request


@pytest.mark.parametrize('satisfy', ['all', 'any'])
def test_a_websocket_at_the_logout(lab, users, satisfy):
    """It is a request for a session, not one to log out: the reply of a logout lets nobody in."""
    exact = {'path': '/ssh', 'target': there(lab.target(targets.echo)), 'auth': [{'login': str(users)}]}
    bridge = start(lab, [{**guarded(lab, users), 'satisfy': satisfy}, {**exact, 'satisfy': satisfy}])
    for path in ('/desk/logout', '/ssh/logout', '/desk/logout?everywhere', '/desk/%6cogout'):
        for fields in ({}, {'Sec-Fetch-Site': 'same-origin'}, {'Cookie': 'wsluice=x'}):
            status = ask(lab, bridge, path, fields=fields).status
            assert status == (404 if path.startswith('/ssh') else 401), (path, fields)
    browser = Browser(lab, bridge)
    browser.log_in('/desk/')
    assert browser.upgrade('/desk/logout') == 101
    assert browser.get('/desk/page.html').status == 200, 'still logged in'


def test_requests_behind_one_that_waits(lab, users):
    """Each request of a connection says itself who its client is, also those that came before the verdict."""
    desk = {**guarded(lab, users), 'auth': [{'basic': {'users': str(users)}}]}
    bridge = start(lab, [desk, {'path': '/open/*', 'files': str(lab.folder)}])
    ann = credentials('ann', 'sesame')
    line = 'GET /{}/page.html HTTP/1.1\r\nHost: localhost\r\n{}\r\n'
    own = f'Authorization: {ann["Authorization"]}\r\n'
    plain = [line.format('desk', own), line.format('desk', ''), line.format('open', own), line.format('desk', own)]
    client = lab.connect(bridge)
    client.send(''.join(plain).encode() + request('/desk/1'))
    assert [client.answer().status for _ in range(5)] == [200, 401, 200, 200, 401]
    client.hang_up()
    assert not bridge.session(reason='auth_required', path='/desk/1').get('user')
