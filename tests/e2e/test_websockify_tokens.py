"""websockify's token classes: for the same token and the same file, the same verdict as Debian's websockify, by each name of
a class; and where ours differs on purpose."""
import importlib.util
import json
import os

import pytest
from lab import run
from services import Service, response
from test_tokens import says
from test_websockify import PREFIXES, Real, named, needs_the_real_one, target_of, websockify  # noqa: F401  (a fixture)

needs_requests = pytest.mark.skipif(not importlib.util.find_spec('requests'), reason='python3-requests is not installed')


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
             'JSONTokenApi http://h/%s': 'url: "http://h/{token}"'}
    for line, printed in lines.items():
        name, source = line.split()
        status, out, error = run('--token-plugin', name, '--token-source', source, '--print-config', '6080', binary=named(tmp_path))
        assert status == 0 and printed in out, error
        file = tmp_path / 'gateway.yaml'
        file.write_text(out)
        status, _, error = run('check', '--syntax', file)
        assert status == 0, error
