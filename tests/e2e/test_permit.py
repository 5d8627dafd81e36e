"""`permit`: which targets a source may name, in any spelling, and what its answers may not name without it."""
import pytest
from gateway import start
from lab import run
from services import Service, response
from test_tokens import opened, says
from wire import until

REFUSED = 403


class Answers:
    """A service that answers with the target that the token is the key of."""

    def __init__(self, lab, permit=None, **route):
        self.targets = {}
        self.service = Service(lambda asked: response(200, self.targets[asked.target.rsplit('/', 1)[1]]))
        url = f'http://127.0.0.1:{lab.target(self.service).port}/{{token}}'
        tokens = {'http': {'url': url}, **({'permit': permit} if permit is not None else {})}
        self.bridge = start(lab, [{'path': '/*', 'tokens': tokens, **route}])
        self.lab = lab

    def lead(self, target):
        key = f'key-{len(self.targets)}'
        self.targets[key] = target
        return opened(self.lab, self.bridge.endpoints[0], f'/?token={key}')


@pytest.fixture
def desk(lab):
    return lab.target(says('desk'))


# 2130706433 and the like: what getaddrinfo reads as an address of this machine.
LOOPBACK = ('127.0.0.1', 'localhost', 'LOCALHOST.', '127.1', '127.0.1', '0x7f.1', '0X7F000001', '2130706433', '017700000001',
            '0177.0.0.1', '0', '0.0.0.0', '0x0', '00', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]',
            '[0:0:0:0:0:0:0:1]', '[::1%25lo]', '[::1%lo]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::1]', '[fe80::1%lo]', '127.255.255.254')
NEAR = ('169.254.169.254', '0xa9fea9fe', '100.100.100.200', '[fd00:ec2::254]', '224.0.0.1', '255.255.255.255', '[ff02::1]')


def test_answers_may_not_name_this_machine(lab, desk):
    answers = Answers(lab)
    for host in LOOPBACK + NEAR:
        assert answers.lead(f'{host}:{desk.port}') in (REFUSED, 502, 503), host
    def refused():
        return [record for record in answers.bridge.records() if record.get('reason') == 'target_not_permitted']
    until(lambda: len(refused()) >= len(LOOPBACK), 'spellings that libc does not know are unresolved')
    assert not desk.connections
    assert '127.0.0.1' in answers.bridge.session(reason='target_not_permitted')['detail']


@pytest.mark.parametrize('permit', ['*:*', '0.0.0.0/0:*', '[::]/0:*', ['10.0.0.0/8:*', 'desk-*:*', '*.example.com:*']])
def test_wide_rules_do_not_open_this_machine(lab, desk, permit):
    answers = Answers(lab, permit)
    for host in LOOPBACK:
        assert answers.lead(f'{host}:{desk.port}') in (REFUSED, 502, 503), host
    assert not desk.connections


def test_rules_that_name_this_machine_open_it(lab, desk):
    port = desk.port
    for permit, open_hosts in ((f'127.0.0.0/8:{port}', ('127.0.0.1', '0x7f.1', '2130706433', 'localhost', '[::ffff:127.0.0.1]')),
                               (f'localhost:{port}', ('localhost', 'LocalHost')),
                               (['10.0.0.0/8:*', f'127.0.0.1:{port - 1}-{port}'], ('127.0.0.1', '127.1')),
                               ('any', ('127.0.0.1', '0', 'localhost'))):
        answers = Answers(lab, permit)
        for host in open_hosts:
            assert answers.lead(f'{host}:{port}') == 'desk', (permit, host)
        if permit != 'any':
            assert answers.lead('127.0.0.1:1') == REFUSED
    answers = Answers(lab, f'localhost:{port}')
    assert answers.lead(f'127.0.0.1:{port}') == REFUSED, 'the address is not the name'
    answers = Answers(lab, f'127.0.0.2:{port}')
    assert answers.lead(f'127.0.0.1:{port}') == REFUSED


@pytest.fixture
def sockets(lab, short_folder):
    for name in ('desks', 'other'):
        (short_folder / name).mkdir()
        lab.unix_target(says(name), path=str(short_folder / name / 'sock'))
    return short_folder


def test_sockets_that_answers_name(lab, sockets):
    desks = sockets / 'desks'
    (desks / 'link').symlink_to(sockets / 'other/sock')
    assert Answers(lab).lead(f'unix:{desks}/sock') == REFUSED
    assert Answers(lab, '*:*').lead(f'unix:{desks}/sock') == REFUSED
    answers = Answers(lab, f'unix:{desks}/*')
    assert answers.lead(f'unix:{desks}/sock') == 'desks'
    for path in (f'{sockets}/other/sock', f'{desks}/../other/sock', f'{desks}/./sock', f'{desks}//sock', '@name',
                 '/run/docker.sock'):
        assert answers.lead(f'unix:{path}') == REFUSED, path
    assert answers.lead(f'unix:{desks}/link') == 502, 'a link leads nowhere'
    assert 'symbolic link' in answers.bridge.session(reason='target_unreachable')['detail']


def test_a_file_is_not_limited_by_default(lab, desk, sockets):
    source = lab.folder / 'tokens'
    source.write_text(f'desk: localhost:{desk.port}\nsocket: unix:{sockets}/desks/sock\nother: 127.0.0.1:{desk.port}\n')
    tokens = {'file': str(source)}
    bridge = start(lab, [{'path': '/a', 'tokens': tokens},
                         {'path': '/b', 'tokens': {**tokens, 'permit': [f'localhost:{desk.port}', '*:1-1023']}},
                         {'path': '/c', 'tokens': {**tokens, 'permit': f'unix:{sockets}/desks/s*'}}])
    endpoint = bridge.endpoints[0]
    found = {path: [opened(lab, endpoint, f'{path}?token={token}') for token in ('desk', 'socket', 'other')] for path in '/a /b /c'.split()}
    assert found == {'/a': ['desk', 'desks', 'desk'], '/b': ['desk', 403, 403], '/c': [403, 'desks', 403]}


def test_a_refusal_after_the_upgrade(lab, desk):
    answers = Answers(lab, connect='after_upgrade')
    answers.targets['x'] = f'127.0.0.1:{desk.port}'
    client = lab.open(answers.bridge.endpoints[0], upgrade={'path': '/?token=x'})
    assert client.frame()[1] == b'\x03\xf0This target is not permitted'
    assert answers.bridge.session(reason='target_not_permitted')


def test_the_quick_line_narrows(lab, desk):
    source = lab.folder / 'tokens'
    source.write_text(f'desk: 127.0.0.1:{desk.port}\nother: localhost:{desk.port}\n')
    line = ['--token-plugin=TokenFile', f'--token-source={source}', '127.0.0.1:0']
    bridge = lab.start(*line)
    assert opened(lab, bridge, '/?token=desk') == opened(lab, bridge, '/?token=other') == 'desk'
    bridge = lab.start(f'--permit=10.0.0.0/8:*,localhost:{desk.port}', *line)
    client = lab.open(bridge, upgrade={'path': '/?token=desk'})
    assert client.frame()[1] == b'\x03\xf0This target is not permitted'
    assert opened(lab, bridge, '/?token=other') == 'desk'
    status, out, _ = run('--permit=10.0.0.0/8:*', *line, '--print-config')
    assert status == 0 and 'permit: ["10.0.0.0/8:*"]' in out
    status, _, error = run('--permit=10.0.0.0/8', *line)
    assert status == 2 and 'must have a port' in error


WRONG = {'10.1.2.0/16:5': 'begins with its first address', 'desk': 'must have a port', 'fd00::1:5': 'in brackets',
         '10.1.*:5': 'write 10.1.0.0/16 for a range', 'unix:/run/*/x': 'last segment'}


@pytest.mark.parametrize('rule', WRONG)
def test_a_wrong_rule_names_its_place(lab, rule):
    file = lab.folder / 'gateway.yaml'
    file.write_text('listeners: [":1"]\nroutes:\n  - path: /a\n    tokens:\n      file: /tokens\n'
                    f'      permit: ["10.0.0.0/8:*", "{rule}"]\n')
    status, _, error = run('check', '--syntax', file)
    assert status == 1 and 'gateway.yaml:6:32: error: routes[0].tokens.permit[1]' in error and WRONG[rule] in error
