"""websockify's token classes: for the same token and the same file, the same verdict as Debian's websockify, by each name of
a class; and where ours differs on purpose."""
import base64
import hmac
import importlib.util
import json
import os
import subprocess

import pytest
from lab import run
from services import Service, response
from test_tokens import says
from test_websockify import PREFIXES, Real, named, needs_the_real_one, target_of, websockify  # noqa: F401  (a fixture)

needs_requests = pytest.mark.skipif(not importlib.util.find_spec('requests'), reason='python3-requests is not installed')
needs_jwcrypto = pytest.mark.skipif(not importlib.util.find_spec('jwcrypto'), reason='python3-jwcrypto is not installed')


def verdict(lab, bridge, token):
    """As `target_of`; a Close frame is a refusal as well."""
    name = target_of(lab, bridge, token)
    return None if name is None or name.startswith('\x03') else name


@pytest.fixture
def both(lab, websockify):  # noqa: F811
    """Runs both with the same class and source; the verdicts of each on the tokens."""
    def compare(name, source, tokens):
        words = ['--token-plugin', name, '--token-source', str(source)]
        ours, theirs = websockify(*words, '127.0.0.1:0'), Real(lab, *words, 'LISTEN')
        return [{token: verdict(lab, bridge, token) for token in tokens} for bridge in (ours, theirs)]
    return compare


@pytest.fixture
def one(lab):
    return lab.target(says('one'))


LINES = """# a comment
one: 127.0.0.1:{port}
with space: 127.0.0.1:{port}
with:colon: 127.0.0.1:{port}
tab:\t127.0.0.1:{port}
  indented: 127.0.0.1:{port}
spaces behind:  127.0.0.1:{port}
name: localhost:{port}
late: 127.0.0.1:1
late: 127.0.0.1:{port}

two: 127.0.0.1:{port}: x
none:127.0.0.1:{port}
no port: 127.0.0.1
end: 127.0.0.1:{port} """

TOKENS = ('one', 'with space', 'with:colon', 'tab', 'indented', 'spaces behind', 'name', 'late', 'two', 'none', 'no port', 'end',
          'nobody', '', ' one', 'one ', 'ONE', '# a comment', '127.0.0.1', '..', '../one', 'one\x00', '%6fne')


@needs_the_real_one
@pytest.mark.parametrize('prefix', PREFIXES)
@pytest.mark.parametrize('name', ['TokenFile', 'ReadOnlyTokenFile'])
def test_a_file_of_lines(lab, both, one, name, prefix):
    source = lab.folder / 'tokens'
    source.write_text(LINES.format(port=one.port))
    ours, theirs = both(prefix + name, source, TOKENS)
    assert ours == theirs
    assert [token for token in TOKENS if ours[token]] == ['one', 'with space', 'with:colon', 'tab', 'indented', 'spaces behind',
                                                          'name', 'late', 'end']


@needs_the_real_one
@pytest.mark.parametrize('name', ['TokenFile', 'ReadOnlyTokenFile'])
def test_a_folder_of_such_files(lab, both, one, name):
    folder = lab.folder / 'tokens.d'
    folder.mkdir()
    (folder / 'a').write_text(f'one: 127.0.0.1:{one.port}\n')
    (folder / '.hidden').write_text(f'two: 127.0.0.1:{one.port}\nbad\n')
    ours, theirs = both(name, folder, ('one', 'two', 'bad', 'a', ''))
    assert ours == theirs == {'one': 'one', 'two': 'one', 'bad': None, 'a': None, '': None}


@pytest.fixture
def sockets(lab, short_folder):
    for name in ('desks', 'desks/deep', 'desks-other'):
        (short_folder / name).mkdir()
    for name in ('desks/one', 'desks/with space', 'desks/deep/er', 'desks-other/x', 'outside'):
        lab.unix_target(says(name), path=str(short_folder / name))
    (short_folder / 'desks/link').symlink_to('one')
    (short_folder / 'desks/file').write_text('x')
    return short_folder / 'desks'


@needs_the_real_one
@pytest.mark.parametrize('prefix', PREFIXES)
def test_a_folder_of_sockets(both, sockets, prefix):
    tokens = ('one', 'with space', 'nobody', 'file', 'deep', '', '../outside', '/etc/passwd', 'one/', 'one\x00', '%6fne')
    ours, theirs = both(prefix + 'UnixDomainSocketDirectory', sockets, tokens)
    if theirs['one'] is None:  # some versions cannot connect to any
        theirs |= {'one': 'desks/one', 'with space': 'desks/with space'}
    theirs['one/'] = None  # abspath drops the slash
    assert ours == theirs


@needs_the_real_one
def test_where_ours_differs_on_purpose(both, sockets):
    """A prefix of the folder's name is enough for websockify, and it follows links."""
    ours, _ = both('UnixDomainSocketDirectory', sockets, ('../desks-other/x', 'link', 'deep/er', './one', 'deep/../one'))
    assert set(ours.values()) == {None}


@needs_the_real_one
@needs_requests
@pytest.mark.parametrize('prefix', PREFIXES)
@pytest.mark.parametrize('name', ['BaseTokenAPI', 'JSONTokenApi'])
def test_a_service(lab, both, one, name, prefix):
    def answer(asked):
        token = asked.target.rsplit('=', 1)[1]
        if token != 'one':
            return response({'gone': 404, 'no': 403, 'fails': 500}.get(token, 404))
        text = json.dumps({'host': '127.0.0.1', 'port': one.port}) if name == 'JSONTokenApi' else f'127.0.0.1:{one.port}'
        return response(200, text)
    service = lab.target(Service(answer))
    ours, theirs = both(prefix + name, f'http://127.0.0.1:{service.port}/desk?a=b&t=%s', ('one', 'gone', 'no', 'fails', ''))
    assert ours == theirs == {'one': 'one', 'gone': None, 'no': None, 'fails': None, '': None}


def test_a_file_for_each_token(lab, websockify, one):  # noqa: F811
    """TokenFileName, which Debian's websockify lacks: a name with a "/" is refused, of which later ones take the end."""
    folder = lab.folder / 'names'
    folder.mkdir()
    (folder / 'desk').write_text(f'127.0.0.1:{one.port}\n')
    (lab.folder / 'outside').write_text(f'127.0.0.1:{one.port}\n')
    for prefix in PREFIXES:
        bridge = websockify('--token-plugin', prefix + 'TokenFileName', '--token-source', folder, '127.0.0.1:0')
        found = {token: verdict(lab, bridge, token) for token in ('desk', '../outside', '/desk', 'nobody', '')}
        assert found == {'desk': 'one', '../outside': None, '/desk': None, 'nobody': None, '': None}


def test_what_a_class_becomes_in_a_file(tmp_path):
    """--print-config is the way to a file."""
    lines = {'TokenFile f': f'file: {os.getcwd()}/f', 'TokenFileName .': 'directory: ', 'UnixDomainSocketDirectory .': 'sockets: ',
             'JSONTokenApi http://h/%s': 'url: "http://h/{token}"', 'JWTTokenApi key': 'algorithm: websockify'}
    for line, printed in lines.items():
        name, source = line.split()
        status, out, error = run('--token-plugin', name, '--token-source', source, '--print-config', '6080', binary=named(tmp_path))
        assert status == 0 and printed in out, error
        file = tmp_path / 'gateway.yaml'
        file.write_text(out)
        status, _, error = run('check', '--syntax', file)
        assert status == 0, error


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b'=').decode()


SECRET = b'an example of a secret that is long enough for HS512, which needs 64 bytes'
NEVER = 32503680000  # the year 3000


def signed(claims, key=SECRET, header=None, digest='sha256'):
    text = f'{b64(header or {"alg": "HS256", "typ": "JWT"})}.{b64(claims)}'
    return f'{text}.{b64(hmac.new(key, text.encode(), digest).digest())}'


def tickets_for(port):
    """Tokens, and whether they lead to the target."""
    there = {'host': '127.0.0.1', 'port': port}
    good = {'number': there, 'text': {**there, 'port': str(port)}, 'name': {**there, 'host': 'localhost'},
            'exp': {**there, 'exp': NEVER}, 'nbf': {**there, 'nbf': 1000}, 'aud': {**there, 'aud': 'desks', 'iss': 'x', 'sub': 'ann'},
            'more': {**there, 'target': '127.0.0.1:1', 'user': 7, 'max_duration': 'x', 'jti': 'a'}}
    bad = {'expired': {**there, 'exp': 1000}, 'early': {**there, 'nbf': NEVER}, 'no host': {'port': port}, 'no port': {'host': '127.0.0.1'},
           'both in host': {'host': f'127.0.0.1:{port}'}, 'closed': {**there, 'port': 1}, 'a wrong exp': {**there, 'exp': 'x'},
           'null': {**there, 'port': None}, 'a list': [there], 'no service': {**there, 'port': 'no-such-service'}}
    tokens = {name: (signed(claims), name in good) for name, claims in {**good, **bad}.items()}
    for digest in ('sha384', 'sha512'):
        tokens[digest] = signed(there, header={'alg': f'HS{digest[3:]}', 'kid': 'any'}, digest=digest), True
    for name, header in {'none': {'alg': 'none'}, 'RS256': {'alg': 'RS256'}, 'crit': {'alg': 'HS256', 'crit': ['x'], 'x': 1}}.items():
        tokens[name] = signed(there, header=header), False
    tokens['another key'] = signed(there, key=b'x' * 64), False
    tokens['unsigned'] = f'{b64({"alg": "none"})}.{b64(there)}.', False
    tokens['half'] = tokens['number'][0][:-9], False
    tokens['empty'] = '', False
    tokens['words'] = 'let me in', False
    return tokens


@needs_the_real_one
@needs_jwcrypto
@pytest.mark.parametrize('prefix', PREFIXES)
def test_tickets_by_a_secret(lab, both, one, prefix):
    (lab.folder / 'key').write_text(b64(SECRET))
    tokens = tickets_for(one.port)
    ours, theirs = both(prefix + 'JWTTokenApi', lab.folder / 'key', [token for token, _ in tokens.values()])
    assert {name: (ours[token], theirs[token]) for name, (token, _) in tokens.items()} == \
        {name: ('one', 'one') if leads else (None, None) for name, (_, leads) in tokens.items()}


@needs_the_real_one
@needs_jwcrypto
@pytest.mark.parametrize('kind', ['RSA', 'EC', 'Ed25519'])
def test_tickets_by_a_public_key(lab, both, one, kind):
    """All algorithms of the type of the key; the public key is no secret of HMAC."""
    jwt = pytest.importorskip('jwt')
    words = {'RSA': ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], 'EC': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
             'Ed25519': ['ED25519']}[kind]
    private = subprocess.run(['openssl', 'genpkey', '-algorithm', *words], capture_output=True, check=True).stdout
    public = subprocess.run(['openssl', 'pkey', '-pubout'], input=private, capture_output=True, check=True).stdout
    (lab.folder / 'public.pem').write_bytes(public)
    claims = {'host': '127.0.0.1', 'port': one.port}
    algorithms = {'RSA': ['RS256', 'RS512', 'PS256', 'PS384'], 'EC': ['ES384'], 'Ed25519': ['EdDSA']}[kind]
    good = [jwt.encode(claims, private.decode(), algorithm) for algorithm in algorithms]
    bad = [signed(claims, key=public), signed(claims, key=public.strip()), good[0][:-6] + 'AAAAAA']
    ours, theirs = both('JWTTokenApi', lab.folder / 'public.pem', good + bad)
    assert ours == theirs == {**dict.fromkeys(good, 'one'), **dict.fromkeys(bad)}


def test_tickets_with_a_permit(lab, websockify, one):  # noqa: F811
    """By default a ticket may lead anywhere, as with websockify; --permit narrows it. No log has the ticket."""
    (lab.folder / 'key').write_text(b64(SECRET) + '\n')
    token = signed({'host': '127.0.0.1', 'port': one.port, 'sub': 'ann'})
    line = ['--token-plugin=JWTTokenApi', f'--token-source={lab.folder / "key"}', '127.0.0.1:0']
    bridge = websockify(*line)
    assert verdict(lab, bridge, token) == 'one'
    narrow = websockify('--permit=10.0.0.0/8:*', *line)
    assert verdict(lab, narrow, token) is None
    assert narrow.session(reason='target_not_permitted')['chosen_by'] == 'ticket'
    assert bridge.session(user='ann')['chosen_by'] == 'ticket'
    for started in (bridge, narrow):
        assert token.split('.')[2] not in started.text and b64(SECRET) not in started.text


def test_a_key_that_is_none(lab, tmp_path):
    for text, why in (('words', 'neither a key in PEM format nor a secret in base64url'), (b64(b'short'), 'the secret is shorter than 32 bytes')):
        (lab.folder / 'key').write_text(text)
        status, _, error = run('--token-plugin', 'JWTTokenApi', '--token-source', lab.folder / 'key', '127.0.0.1:0', binary=named(tmp_path))
        assert status == 1 and why in error and text not in error.replace('words', '')
