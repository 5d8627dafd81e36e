"""noVNC of Debian and of npm, in front of real desktops."""
import pathlib
import signal

import gateway
import pytest
from chromium import BrowserError
from desktop import Desktop

HERE = pathlib.Path(__file__).parent
DEBIAN = '/usr/share/novnc'
CANVAS = '#noVNC_container canvas, #screen canvas'
CORNER = (300, 220)  # a point of the root window
PIXEL = f'''([x, y, colour]) => {{
    const canvas = document.querySelector('{CANVAS}');
    if (!canvas || canvas.width !== {Desktop.SIZE[0]}) return false;
    const seen = canvas.getContext('2d').getImageData(x, y, 1, 1).data;
    return colour.every((value, i) => Math.abs(value - seen[i]) < 4);
}}'''
PLACE = f"() => {{ const box = document.querySelector('{CANVAS}').getBoundingClientRect(); return [box.x, box.y]; }}"
LAST = '() => window.tried.at(-1)?.state'
OWN_FILES = [{'path': '/own/*', 'files': str(HERE / 'web')},
             {'path': '/novnc/*', 'files': str(HERE / 'node_modules/@novnc/novnc')}]


def wait_colour(page, desktop):
    try:
        page.wait(PIXEL, [*CORNER, list(desktop.colour)])
    except BrowserError as problem:
        page.shot('novnc-failed')
        raise BrowserError(f'the colour of the desktop does not arrive; {page.complaints()}') from problem


def use(page, desktop):
    """Sends a click and a key from the canvas of the page to a program in the desktop."""
    left, top = page.evaluate(PLACE)
    page.tap(left + desktop.WINDOW[0], top + desktop.WINDOW[1])
    desktop.expect('ButtonPress event', 'ButtonRelease event', 'button 1')
    page.press('w')
    desktop.expect('KeyPress event', 'KeyRelease event', '(keysym 0x77, w)')


def secure(certs):
    return {'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}


def server(lab, certs, scheme, routes):
    """A gateway, and the base of its URLs."""
    listener = {'address': gateway.ANY, **(secure(certs) if scheme == 'https' else {})}
    bridge = gateway.start(lab, routes, [listener])
    return bridge, f'{scheme}://localhost:{bridge.port}'


def to(desktop, path, **options):
    return {'path': path, 'target': f'unix:{desktop.path}', **options}


@pytest.mark.parametrize('scheme', ['http', 'https'])
def test_debian_novnc(lab, certs, tab, desktops, scheme):
    """The quick command line: one port for the page and the desktop."""
    options = ['--web', DEBIAN, f'--unix-target={desktops[0].path}']
    if scheme == 'https':
        options += ['--cert', certs.ec, '--key', certs.ec_key, '--ssl-only']
    bridge = lab.start(*options, '127.0.0.1:0')
    page = tab(ignoreHTTPSErrors=True, viewport={'width': 800, 'height': 600})
    assert page.goto(f'{scheme}://localhost:{bridge.port}/vnc.html?autoconnect=true')['status'] == 200
    wait_colour(page, desktops[0])
    use(page, desktops[0])
    page.shot(f'novnc-debian-{scheme}')
    # Debian's package lacks the package.json that noVNC takes its version from.
    assert [line for line in page.complaints() if 'package.json' not in line and not line.startswith('warning')] == []


def test_debian_novnc_reconnects(lab, tab, desktops):
    options = ['--web', DEBIAN, f'--unix-target={desktops[0].path}']
    bridge = lab.start(*options, '127.0.0.1:0')
    page = tab(viewport={'width': 800, 'height': 600})
    page.goto(f'http://localhost:{bridge.port}/vnc.html?autoconnect=true&reconnect=true&reconnect_delay=3000')
    wait_colour(page, desktops[0])
    # It tries once, after the delay: by then the next bridge must be there, and the first one lingers for the browser.
    bridge.signal(signal.SIGTERM)
    page.wait("() => document.documentElement.classList.contains('noVNC_reconnecting')")
    bridge.wait()
    lab.start(*options, f'127.0.0.1:{bridge.port}')
    page.wait("() => document.documentElement.classList.contains('noVNC_connected')")
    wait_colour(page, desktops[0])
    use(page, desktops[0])


@pytest.mark.parametrize('scheme', ['http', 'https'])
def test_npm_novnc(lab, certs, tab, desktops, scheme):
    """The modules of the library from file routes; a second connection after a dropped one."""
    bridge, base = server(lab, certs, scheme, [*OWN_FILES, to(desktops[0], '/desk')])
    page = tab(ignoreHTTPSErrors=True)
    page.goto(f'{base}/own/rfb.html')
    page.wait('() => window.connect')
    page.evaluate("() => connect('/desk')")
    wait_colour(page, desktops[0])
    use(page, desktops[0])
    assert page.complaints() == []
    bridge.signal(signal.SIGTERM)
    page.wait("() => window.tried.at(-1).state !== 'connected'")
    bridge.wait()
    gateway_again = lab.start('--config', _at_same_port(bridge))
    page.evaluate("() => { document.getElementById('screen').replaceChildren(); connect('/desk'); }")
    wait_colour(page, desktops[0])
    use(page, desktops[0])
    assert gateway_again.port == bridge.port


def _at_same_port(bridge):
    bridge.config['listeners'][0]['address'] = f'127.0.0.1:{bridge.port}'
    return gateway.write(bridge.file, bridge.config)


def test_a_token_picks_the_desktop(lab, certs, tab, desktops):
    """Debian's page and ours; a wrong token is refused."""
    tokens = lab.folder / 'tokens'
    tokens.write_text(''.join(f'{name}: unix:{desktop.path}\n' for name, desktop in zip(('water', 'brick'), desktops)))
    _, base = server(lab, certs, 'http', [
        *OWN_FILES, {'path': '/debian/*', 'files': DEBIAN},
        {'path': '/websockify', 'tokens': {'from': 'query:token', 'file': str(tokens)}}])
    for name, desktop in zip(('brick', 'water'), reversed(desktops)):
        page = tab(viewport={'width': 800, 'height': 600})
        page.goto(f'{base}/debian/vnc.html?autoconnect=true&path=websockify%3Ftoken%3D{name}')
        wait_colour(page, desktop)
        own = tab()
        own.goto(f'{base}/own/rfb.html')
        own.wait('() => window.connect')
        own.evaluate('(name) => connect(`/websockify?token=${name}`)', name)
        wait_colour(own, desktop)
        use(own, desktop)
    own.evaluate("() => connect('/websockify?token=wine')")
    own.wait(f"() => ({LAST})() === 'broken'")


def test_a_page_from_elsewhere_is_refused(lab, certs, tab, desktops):
    """A route accepts pages of its own host, unless it lists origins."""
    bridge, base = server(lab, certs, 'http', [*OWN_FILES, to(desktops[0], '/desk')])
    stranger, elsewhere = server(lab, certs, 'http', [
        *OWN_FILES, to(desktops[0], '/open', origins='any'), to(desktops[0], '/listed', origins=[base])])
    page = tab()
    page.goto(f'{base}/own/rfb.html')
    page.wait('() => window.connect')
    page.evaluate('(url) => connect(url)', f'{elsewhere}/listed')
    wait_colour(page, desktops[0])
    page = tab()
    page.goto(f'{elsewhere}/own/rfb.html')
    page.wait('() => window.connect')
    page.evaluate('(url) => connect(url)', f'{base}/desk')
    page.wait(f"() => ({LAST})() === 'broken'")
    assert bridge.session(reason='origin_refused')
    assert any('403' in line for line in page.complaints())
    page.evaluate("() => connect('/open')")
    wait_colour(page, desktops[0])
    assert not stranger.records()
