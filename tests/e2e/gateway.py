"""wsluice with a configuration file: written from Python values as JSON, which YAML contains."""
import json
import re
import signal

from wire import request, until

ANY = '127.0.0.1:0'
PROXIED = [{'address': ANY, 'trusted_proxies': ['127.0.0.1']}]  # listeners behind a proxy
DONE = 'the configuration was read again and is in use'
FAILED = 'the configuration stays as it was'


def write(path, config):
    path.write_text(json.dumps(config, indent=2))
    return path


class Endpoint:
    """One listener of a gateway, in the form in which Lab.connect takes a bridge."""

    def __init__(self, address):
        self.address = address
        if not address.startswith('unix:'):
            self.port = int(address.rsplit(':', 1)[1])


def start(lab, routes, listeners=({'address': ANY},), *, file='gateway.yaml', nofile=None, **process):
    """A bridge with `endpoints`, its listeners in the order of the file, and `file`, to be changed and reloaded."""
    config = {'workers': 2, 'listeners': list(listeners), 'routes': list(routes), **process}
    path = write(lab.folder / file, config)
    bridge = lab.start('--config', path, nofile=nofile)

    def addresses():
        found = re.findall(r'listening on ([^\s",]+)', bridge.text)
        return found if len(found) >= len(config['listeners']) else None
    found = until(addresses, lambda: bridge.text)
    bridge.endpoints, bridge.file, bridge.config = [Endpoint(address) for address in found], path, config
    bridge.baseline = bridge.fds()
    return bridge


def reload(bridge, config=None, *, done=True):
    """Writes the changed configuration, sends SIGHUP and waits for the verdict."""
    if config is not None:
        write(bridge.file, config)
    verdict = DONE if done else FAILED
    before = bridge.text.count(verdict)
    bridge.signal(signal.SIGHUP)
    until(lambda: bridge.text.count(verdict) > before, lambda: bridge.text[-3000:])


def there(target, **options):
    """A target's address, with options as a mapping."""
    address = f'unix:{target.path}' if hasattr(target, 'path') else f'tcp://127.0.0.1:{target.port}'
    return {'address': address, **options} if options else address


def ask(lab, endpoint, path='/', *, raw=None, connection=None, **how):
    """The answer to one upgrade request, or to raw bytes; then the client hangs up."""
    client = lab.connect(endpoint, **(connection or {}))
    try:
        return client.send(raw or request(path, **how)).answer()
    finally:
        client.hang_up()


def plain(path='/', *, fields=None, method='GET', host='localhost', body=b''):
    """The bytes of a plain HTTP request."""
    fields = {'Host': host, **(fields or {})}
    lines = [f'{method} {path} HTTP/1.1', *(f'{name}: {value}' for name, value in fields.items())]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1') + body


def get(lab, endpoint, path='/', *, connection=None, **how):
    """The answer to a plain HTTP request."""
    return ask(lab, endpoint, raw=plain(path, **how), connection=connection)


def status_document(lab, endpoint, path='/status'):
    answer = get(lab, endpoint, f'{path}?format=json')
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def samples(lab, endpoint, path='/metrics'):
    """The samples of a scrape: {'name{labels}': number}."""
    answer = get(lab, endpoint, path)
    assert answer.status == 200, answer.body
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith('#')]
    return {name: float(value) for name, value in (line.rsplit(' ', 1) for line in lines)}


def marked(path, target, mark=None, **options):
    """A route whose answers say which one it is."""
    return {'path': path, 'target': there(target), 'headers': {'X-Route': mark or path}, **options}
