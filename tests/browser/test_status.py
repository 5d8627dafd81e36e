"""The status page."""
import socket
import time

import gateway
import looks
import pytest
from chromium import PHONE

ROWS = "() => [...document.querySelectorAll('#rows tr')].map((tr) => tr.innerText)"


@pytest.fixture
def bridge(lab):
    target = lab.target()
    return gateway.start(lab, [
        {'name': 'look', 'path': '/look', 'target': gateway.there(target), 'demo': True},
        {'name': 'desk', 'path': '/desk', 'target': gateway.there(target)},
        {'path': '/ops/status', 'status': True, 'allow': ['127.0.0.1']},
        {'path': '/open/status', 'status': True}])


def open_status(bridge, tab, path='/ops/status', **how):
    page = tab(viewport={'width': 1280, 'height': 900}, **how)
    answer = page.goto(f'http://127.0.0.1:{bridge.port}{path}')
    assert answer['status'] == 200
    assert answer['size'] < 40_000
    page.wait_text('#state', 'Live')
    return page


def open_demo(bridge, tab):
    page = tab()
    page.goto(f'http://127.0.0.1:{bridge.port}/look')
    page.wait_text('#state', 'Connected')
    return page


def wait_rows(page, count):
    page.wait("(n) => document.querySelectorAll('#rows tr').length === n", count)
    return page.evaluate(ROWS)


def test_tells_what_there_is(bridge, lab, tab):
    page = open_status(bridge, tab)
    assert page.text('h1') == 'No sessions.'
    assert page.text('#empty') == 'No sessions. They appear here as clients connect.'
    assert 'look' in page.text('#routes') and 'up' in page.text('#routes')
    assert f'127.0.0.1:{bridge.port}' in page.text('#listeners')
    client = lab.open(bridge.endpoints[0], upgrade={'path': '/desk'})
    row, = wait_rows(page, 1)
    assert 'desk' in row and f'127.0.0.1:{client.sock.getsockname()[1]}' in row
    assert page.wait_text('h1', '1 session') == '1 session, none stalled.'
    client.hang_up()
    wait_rows(page, 0)
    assert page.complaints() == []


def test_marks_certificates_that_are_not_valid(lab, certs, tab):
    now = time.time()
    files = [certs.ec, certs.dated('page-old', 'old.example', now - 9e5, now - 3e5),
             certs.dated('page-early', 'early.example', now + 3e5, now + 9e5)]
    tls = {'mode': 'optional', 'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}, *files[1:]]}
    bridge = gateway.start(lab, [{'path': '/ops/status', 'status': True, 'allow': ['127.0.0.1']}],
                           [{'address': gateway.ANY, 'tls': tls}])
    page = open_status(bridge, tab)
    page.wait_text('#certificates', 'old.example')
    badges = page.evaluate("() => [...document.querySelectorAll('#certificates .badge')].map((b) => b.innerText)")
    assert sorted(badges) == ['expired', 'not valid yet']
    assert page.complaints() == []


def test_says_which_target_is_down(lab, tab):
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        dead = f'127.0.0.1:{sock.getsockname()[1]}'
        bridge = gateway.start(lab, [
            {'path': '/up', 'target': gateway.there(lab.target())}, {'path': '/ops/status', 'status': True},
            {'path': '/down', 'target': {'address': f'tcp://{dead}', 'probe': 'connect', 'probe_interval': '100ms'}}])
        page = open_status(bridge, tab)
        assert page.wait_text('h1', 'down') == 'No sessions. 1 of 2 targets down.'
        assert page.wait_text('#warning', dead) == f'Down: {dead}.'
        page.wait("() => /, ([2-9]|\\d\\d+) failures, probe: down/.test(document.querySelector('#routes').innerText)")
        assert page.complaints() == []


def test_counts_routes_of_one_name_once(lab, tab):
    there = gateway.there(lab.target())
    bridge = gateway.start(lab, [{'name': 'desk', 'path': '/a', 'target': there}, {'path': '/ops/status', 'status': True},
                                 {'name': 'desk', 'path': '/b', 'target': there}])
    lab.open(bridge.endpoints[0], upgrade={'path': '/b'})
    page = open_status(bridge, tab)
    wait_rows(page, 1)
    first, own, second = page.evaluate(ROWS.replace('#rows', '#routes'))
    assert '1 in total' in first and 'as above' not in first + own
    assert 'as above' in second and 'ever' not in second
    assert own.count('/ops/status') == 1, 'it has no name but its path'


def test_ends_a_session(bridge, tab):
    demo = open_demo(bridge, tab)
    page = open_status(bridge, tab)
    wait_rows(page, 1)
    page.click('#rows .end')
    assert 'look' in page.text('#dialog-text')
    page.click('#keep')
    wait_rows(page, 1)
    page.click('#rows .end')
    page.shot('status-dialog')
    page.click('#end')
    demo.wait_text('#state', 'Disconnected')  # at once: it does not stay so for long
    page.wait_text('#said', 'was ended')
    page.shot('status-ended')
    demo.wait_text('#state', 'Connected')  # it comes back by itself
    assert page.complaints() == []


def test_explains_why_it_may_not_end_sessions(bridge, tab):
    open_demo(bridge, tab)
    page = open_status(bridge, tab, '/open/status')
    wait_rows(page, 1)
    assert page.evaluate("() => document.querySelectorAll('.end').length") == 0
    assert 'Sessions cannot be ended from here: ' in page.text('#listed')


def test_filters_and_sorts(bridge, lab, tab):
    clients = [lab.open(bridge.endpoints[0], upgrade={'path': '/desk'}) for _ in range(30)]
    demo = open_demo(bridge, tab)
    page = open_status(bridge, tab)
    wait_rows(page, 31)
    page.fill('#filter', 'LOOK')
    row, = wait_rows(page, 1)
    assert 'look' in row
    page.fill('#filter', 'no such thing')
    wait_rows(page, 0)
    assert page.text('#empty') == 'No session matches “no such thing”.'
    page.fill('#filter', '')
    wait_rows(page, 31)
    page.click('th[data-key=up] button')
    page.wait("() => document.querySelector('#rows tr')?.innerText.includes('look')")
    assert page.evaluate("() => document.querySelector('th[aria-sort]').dataset.key") == 'up'
    page.click('th[data-key=up] button')
    page.wait("() => document.querySelector('#rows tr:last-child')?.innerText.includes('look')")
    assert page.evaluate("() => document.querySelector('th[aria-sort]').getAttribute('aria-sort')") == 'ascending'
    assert demo.complaints() == page.complaints() == []
    for client in clients:
        client.hang_up()


def test_says_when_nobody_answers(bridge, tab):
    page = open_status(bridge, tab)
    page.click('#pause')
    page.wait_text('#state', 'Paused')
    page.click('#pause')
    page.wait_text('#state', 'Live')
    bridge.signal(15)
    bridge.wait()
    page.wait_text('#state', 'No answer')
    assert 'The data below is from' in page.text('#lost')


def test_many_rows_stay_usable(bridge, lab, tab):
    clients = [lab.open(bridge.endpoints[0], upgrade={'path': '/desk'}) for _ in range(1200)]
    page = open_status(bridge, tab)
    wait_rows(page, 200)
    assert 'The first 200 of 1,200.' in page.text('#listed')
    page.select('#limit', '1000')
    wait_rows(page, 1000)
    took = page.evaluate('() => { const began = performance.now(); show(); document.body.offsetHeight; return performance.now() - began; }')
    assert took < 2000  # the time between two polls
    for client in clients:
        client.hang_up()


def test_is_accessible(bridge, lab, tab):
    client = lab.open(bridge.endpoints[0], upgrade={'path': '/desk'})
    page = open_status(bridge, tab)
    wait_rows(page, 1)
    looks.check(page)
    places = looks.walk(page, 30)
    assert {'filter', 'limit', 'pause'} <= set(places) and 'End' in places
    for width in (320, 390, 768, 1920):
        looks.check_width(page, width)
    client.hang_up()


def test_on_a_phone(bridge, lab, tab):
    client = lab.open(bridge.endpoints[0], upgrade={'path': '/desk'})
    page = tab(**PHONE, colorScheme='dark')
    page.goto(f'http://127.0.0.1:{bridge.port}/ops/status')
    wait_rows(page, 1)
    assert page.evaluate('() => innerWidth') == 390
    page.shot('status-phone', fullPage=True)
    assert page.complaints() == []
    client.hang_up()
