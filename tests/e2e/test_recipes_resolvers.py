"""The recipes for a service of one's own: each runs as it is printed, in front of a stub of the cloud that it asks."""
import json
import os
import sys

from gateway import ask, get
from ports import free_port, listens
from recipes import WEB, gateway, recipe, replaced, says
from services import Service, response
from wire import request, until

OURS = ':6080', '127.0.0.1:0'


def run(lab, text, **environment):
    """Starts a service, as a user would; where it listens."""
    port = free_port()
    lab.spawn(sys.executable, '-c', replaced(text, port=('9000', port)), env={**os.environ, **environment})
    until(lambda: listens(port), 'the service of the recipe')
    return port


def ask_for(lab, bridge, token):
    """What the target says first, or the status of a refusal."""
    client = lab.connect(bridge)
    answer = client.send(request(f'/websockify?token={token}')).answer()
    said = client.frame()[1] if answer.status == 101 else answer.status
    client.hang_up()
    return said


def start(lab, service, more=''):
    (_, file), *_ = recipe('A service for tokens')
    text = replaced(file, port=OURS, service=('127.0.0.1:9000', f'127.0.0.1:{service}'),
                    permit=('10.0.0.0/16:5900-5999', '127.0.0.0/8:*'))
    return gateway(lab, lab.folder, text + more)


def of_cloud(title):
    """The service of the first recipe with the class of another one."""
    _, (_, service) = recipe('A service for tokens')
    (_, other), = recipe(title)
    imports, rest = service.split('\n', 1)
    return f'{imports}\n{other}\n{rest[rest.index("http.server.ThreadingHTTPServer"):]}'


def test_two_desktops(lab):
    _, (_, text) = recipe('A service for tokens')
    alice, bob = lab.target(says(b'alice')), lab.target(says(b'bob'))
    service = run(lab, replaced(text, a=('10.0.0.5:5900', f'127.0.0.1:{alice.port}'),
                                b=('10.0.0.6:5900', f'127.0.0.1:{bob.port}')))
    bridge = start(lab, service)
    assert [ask_for(lab, bridge, name) for name in ('alice', 'bob', 'carol')] == [b'alice', b'bob', 404]


def test_nova(lab):
    consoles = {}

    def nova(asked):
        assert asked.fields['x-auth-token'] == 'key'
        console = consoles.get(asked.target.removeprefix('/os-console-auth-tokens/'))
        return response(200, json.dumps({'console': console})) if console else response(404)
    received = []

    def desk(connection):
        received.append(connection.read())
        connection.sock.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        connection.read_all()
    plain, wrapped, cloud = lab.target(says(b'RFB')), lab.target(desk), lab.target(Service(nova))
    consoles['one'] = {'host': '127.0.0.1', 'port': plain.port, 'instance_uuid': 'u-1', 'internal_access_path': None}
    consoles['two'] = {'host': '127.0.0.1', 'port': wrapped.port, 'instance_uuid': 'u-2',
                       'internal_access_path': '/console?ref=7'}
    bridge = start(lab, run(lab, of_cloud('Consoles of OpenStack Nova'), NOVA=f'http://127.0.0.1:{cloud.port}', NOVA_TOKEN='key'))
    assert ask_for(lab, bridge, 'one') == b'RFB'
    assert bridge.session(user='u-1')
    assert ask_for(lab, bridge, 'two').startswith(b'HTTP/1.1 200') and received == [b'CONNECT /console?ref=7 HTTP/1.1\r\n\r\n']
    assert ask_for(lab, bridge, 'three') == 404


def test_ironic(lab):
    node = lab.target(says(b'login:'))

    def ironic(asked):
        uuid = asked.target.removeprefix('/v1/nodes/').removesuffix('/states/console')
        if uuid not in ('on', 'off'):
            return response(404)
        return response(200, json.dumps({'console_enabled': uuid == 'on',
                                         'console_info': {'type': 'socat', 'url': f'tcp://127.0.0.1:{node.port}'}}))
    cloud = lab.target(Service(ironic))
    bridge = start(lab, run(lab, of_cloud('Serial consoles of OpenStack Ironic'), IRONIC=f'http://127.0.0.1:{cloud.port}',
                            IRONIC_TOKEN='key'))
    assert [ask_for(lab, bridge, node) for node in ('on', 'off', 'none')] == [b'login:', 403, 404]


def test_ovirt(lab, certs):
    host = lab.target(says(b'RFB'), context=certs.server_context(certs.other, certs.other_key))

    def engine(asked):
        assert asked.fields['authorization'] == 'Bearer key'
        name = {'vm1': 'elsewhere.example', 'vm2': 'another.example'}.get(asked.target.rsplit('/', 1)[1])
        return response(200, json.dumps({'display': {'address': '127.0.0.1', 'secure_port': host.port, 'certificate': {
            'subject': f'O=example,CN={name}'}}})) if name else response(404)
    cloud = lab.target(Service(engine))
    bridge = start(lab, run(lab, of_cloud('Consoles of oVirt'), ENGINE=f'http://127.0.0.1:{cloud.port}', ENGINE_TOKEN='key'),
                   more=f'      ca: {certs.ca}\n')
    assert [ask_for(lab, bridge, name) for name in ('vm1', 'vm2', 'vm3')] == [b'RFB', 502, 404]


def test_logins(lab):
    (_, text), = recipe('Logins of Authelia, Authentik or oauth2-proxy')
    (lab.folder / 'web').mkdir()
    (lab.folder / 'web/vnc.html').write_text('<title>noVNC</title>')

    def service(asked):
        assert asked.target == '/api/authz/auth-request'
        if 'session=ann' in asked.fields.get('cookie', ''):
            return response(200, b'', {'Remote-User': 'ann'})
        return response(302, b'', {'Location': f'https://login.example/?rd={asked.fields["x-forwarded-uri"]}'})
    login, desk = lab.target(Service(service)), lab.target(says(b'RFB'))
    bridge = gateway(lab, lab.folder, replaced(text, port=OURS, web=WEB, login=('127.0.0.1:9091', f'127.0.0.1:{login.port}'),
                                               desk=('10.0.0.5:5900', f'127.0.0.1:{desk.port}')))
    answer = get(lab, bridge, '/vnc.html')
    assert answer.status == 302 and answer.fields['location'] == 'https://login.example/?rd=/vnc.html'
    known = {'Cookie': 'session=ann'}
    assert b'noVNC' in get(lab, bridge, '/vnc.html', fields=known).body
    assert ask(lab, bridge, '/websockify', fields=known).status == 101 and ask(lab, bridge, '/websockify').status == 302
    assert bridge.session(user='ann', route='/websockify')
