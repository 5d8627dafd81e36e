"""Ways around the methods of authentication: requests that are another thing than they seem."""
import pytest
import targets
from gateway import ask, start, there
from test_auth_basic import users  # noqa: F401
from test_login import Browser, guarded
from wire import request


@pytest.mark.parametrize('satisfy', ['all', 'any'])
def test_a_websocket_at_the_logout(lab, users, satisfy):
    """It is a request for a session, not one to log out: the reply of a logout lets nobody in."""
    exact = {'path': '/ssh', 'target': there(lab.target(targets.echo)), 'auth': [{'login': str(users)}]}
    bridge = start(lab, [{**guarded(lab, users), 'satisfy': satisfy}, {**exact, 'satisfy': satisfy}])
    for path in ('/desk/logout', '/ssh/logout', '/desk/logout?everywhere', '/desk/%6cogout'):
        for fields in ({}, {'Sec-Fetch-Site': 'same-origin'}, {'Cookie': 'wsluice=x'}):
            status = ask(lab, bridge, raw=request(path, fields=fields)).status
            assert status == (404 if path.startswith('/ssh') else 401), (path, fields)
    browser = Browser(lab, bridge)
    browser.log_in('/desk/')
    assert browser.upgrade('/desk/logout') == 101
    assert browser.get('/desk/page.html').status == 200, 'still logged in'
