"""Passwords of `auth: basic` in Chromium: in the link of a WebSocket, and of a page whose WebSocket then follows."""
import gateway
import targets
from users_file import set_password

TALK = '''(link) => new Promise((resolve) => {
    const socket = new WebSocket(link);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send('hello');
    socket.onmessage = (event) => { resolve(new TextDecoder().decode(event.data)); socket.close(); };
    socket.onerror = () => resolve('refused');
})'''


def start(lab, tmp_path):
    (tmp_path / 'web').mkdir()
    (tmp_path / 'web/index.html').write_text('<!doctype html><title>open</title><link rel="icon" href="data:,">')
    set_password(tmp_path / 'users', 'ann', 'open sesame')
    auth = [{'basic': str(tmp_path / 'users')}]
    echo = gateway.there(lab.target(targets.echo))
    return gateway.start(lab, [
        {'path': '/*', 'files': str(tmp_path / 'web'), 'host': '127.0.0.1'},
        {'path': '/guarded/*', 'files': str(tmp_path / 'web'), 'target': echo, 'host': '127.0.0.1', 'auth': auth}])


def test_a_link_with_a_password(lab, tab, tmp_path):
    bridge = start(lab, tmp_path)
    place, page = f'127.0.0.1:{bridge.endpoints[0].port}', tab()
    assert page.goto(f'http://{place}/')['status'] == 200
    assert page.evaluate(TALK, f'ws://ann:open%20sesame@{place}/guarded/x') == 'hello'
    assert bridge.session(user='ann')['route'] == '/guarded/*'


def test_a_page_with_a_password(lab, tab, tmp_path):
    """The browser sends what the user typed for the page along with the WebSocket of the same folder."""
    bridge = start(lab, tmp_path)
    place = f'127.0.0.1:{bridge.endpoints[0].port}'
    page = tab(httpCredentials={'username': 'ann', 'password': 'open sesame'})
    assert page.goto(f'http://{place}/guarded/')['status'] == 200
    assert page.evaluate(TALK, f'ws://{place}/guarded/x') == 'hello'
