"""Local Network Access: Chromium keeps a page of a public address from this machine, but not a page that the bridge serves.

A switch of Chromium lets one of two bridges count as public."""
import gateway
import pytest
from chromium import Browser

# Connects and sends a byte; the byte that came back, or how the browser refused.
CONNECT = '''(url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(new Uint8Array([42]));
    socket.onmessage = (event) => { done(new Uint8Array(event.data)[0]); socket.close(); };
    socket.onclose = (event) => done(`closed with ${event.code}`);
})'''
REFUSAL = 'ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS'


def serve(lab, certs, name):
    """A page and an echo on one origin; its host and port."""
    folder = lab.folder / name
    folder.mkdir()
    (folder / 'index.html').write_text('<!doctype html><link rel="icon" href="data:,"><title>page</title>')
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = gateway.start(lab, [{'path': '/*', 'files': str(folder), 'origins': 'any',
                                  'target': gateway.there(lab.target())}],
                           [{'address': gateway.ANY, 'tls': tls}], file=f'{name}.yaml')
    return bridge.endpoints[0].address


@pytest.fixture(name='origins')
def fixture_origins(lab, certs):
    """A public and a local origin, and a browser that believes this; it closes before the bridges."""
    public, local = serve(lab, certs, 'public'), serve(lab, certs, 'local')
    browser = Browser(f'--ip-address-space-overrides={public}=public')
    yield browser, public, local
    browser.close()


def page_of(browser, origin):
    page = browser.page(ignoreHTTPSErrors=True)
    assert page.goto(f'https://{origin}/')['status'] == 200
    return page


def test_one_origin_needs_no_permission(origins):
    browser, public, local = origins
    for origin in (public, local):
        page = page_of(browser, origin)
        assert page.evaluate(CONNECT, f'wss://{origin}/') == 42
        assert page.complaints() == []

    page = page_of(browser, public)
    assert page.evaluate(CONNECT, f'wss://{local}/') == 'closed with 1006'
    assert [line for line in page.complaints() if REFUSAL in line]
    page.grant('local-network-access')
    assert page.evaluate(CONNECT, f'wss://{local}/') == 42
