"""A protocol other than VNC: MQTT.js in a browser, and a real broker on TCP."""
import pathlib
import socket
import subprocess

import gateway
import pytest
from wire import until

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def broker(tmp_path):
    """mosquitto on a free port."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    config = tmp_path / 'mosquitto.conf'
    config.write_text(f'listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n')
    process = subprocess.Popen(['/usr/sbin/mosquitto', '-c', str(config)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        with socket.socket() as client:
            return client.connect_ex(('127.0.0.1', port)) == 0
    until(answers, lambda: f'mosquitto does not listen (exit {process.poll()})')
    yield port
    process.terminate()
    process.wait()


@pytest.mark.parametrize('scheme', ['http', 'https'])
def test_publish_and_subscribe(lab, certs, tab, broker, scheme):
    tls = {'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}} if scheme == 'https' else {}
    bridge = gateway.start(lab, [
        {'path': '/own/*', 'files': str(HERE / 'web')},
        {'path': '/mqtt/*', 'files': str(HERE / 'node_modules/mqtt/dist')},
        {'path': '/broker', 'target': f'tcp://127.0.0.1:{broker}', 'subprotocols': ['mqtt']}],
        [{'address': gateway.ANY, **tls}])
    page = tab(ignoreHTTPSErrors=True)
    page.goto(f'{scheme}://localhost:{bridge.port}/own/mqtt.html')
    page.evaluate("() => talk('/broker')")
    page.wait('() => window.heard.length === 2')
    level, long = page.evaluate('() => window.heard')
    assert level == ['sluice/level', 5, '42 cm']
    assert long == ['sluice/long', 300_000, 'w' * 300_000]
    assert page.complaints() == []
