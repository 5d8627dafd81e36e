"""contrib/python, by Debian's Python: starts wsluice in the place of websockify's module, and says what it has not."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest
from lab import BINARY, ROOT
from test_websockify import free_port
from wire import WAIT

PYTHON = '/usr/bin/python3'
MODULE = ROOT / 'contrib' / 'python'

pytestmark = pytest.mark.skipif(not os.access(PYTHON, os.X_OK), reason='needs Debian\'s Python')


def environment(**more):
    """The module runs in place; nothing of websockify's own is found first."""
    return {**os.environ, 'PYTHONPATH': str(MODULE), 'PYTHONDONTWRITEBYTECODE': '1', 'WSLUICE': os.path.abspath(BINARY), **more}


def python(*words, cwd, **more):
    out = subprocess.run([PYTHON, *words], capture_output=True, text=True, cwd=cwd, env=environment(**more), timeout=WAIT,
                         stdin=subprocess.DEVNULL, check=False)
    return out.returncode, out.stdout, out.stderr


def code(text):
    return ['-c', f'import sys; sys.argv[0] = "starter"\n{text}']


STARTS = {
    'python3 -m websockify': ['-m', 'websockify'],
    'python3 -m websockify.websocketproxy': ['-W', 'ignore', '-m', 'websockify.websocketproxy'],
    'websocketproxy.websockify_init': code('from websockify.websocketproxy import websockify_init; websockify_init()'),
    'an attribute of the package': code('import websockify; websockify.websocketproxy.websockify_init()'),
    'a star': code('from websockify import *; websockify_init()'),
    'websockify.__main__': code('import runpy; runpy.run_module("websockify.__main__", run_name="__main__")'),
}


@pytest.mark.parametrize('words', STARTS.values(), ids=STARTS)
def test_starts(lab, tmp_path, words):
    """The same process becomes the bridge, so that the program that started it can end it."""
    target, port = lab.target(), free_port()
    bridge = lab.start(*words, '--heartbeat=30', f'127.0.0.1:{port}', f'127.0.0.1:{target.port}', '--web', '.', binary=PYTHON,
                       cwd=tmp_path, env=environment())
    assert bridge.lines[0] == 'WebSocket server settings:' and f'  - Web server. Web root: {tmp_path}' in bridge.lines
    assert f'  - proxying from 127.0.0.1:{port} to 127.0.0.1:{target.port}' in bridge.lines
    command = pathlib.Path(f'/proc/{bridge.pid}/cmdline').read_text().split('\0')
    assert command[0] == 'websockify' and command[1] == '--heartbeat=30'
    assert lab.open(bridge).binary(b'x').data(1) == b'x'


def test_what_python_ignores_is_not_handed_on(lab, tmp_path):
    """A command that runs beside the bridge ends by SIGPIPE as any other."""
    status, out, _ = python('-m', 'websockify', '127.0.0.1:0', 'localhost:1', '--', 'sh', '-c',
                            'grep SigIgn /proc/self/status >ignored', cwd=tmp_path)
    assert (status, out) == (0, '')
    ignored = int((tmp_path / 'ignored').read_text().split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


def test_usage_and_status(tmp_path):
    assert python('-m', 'websockify', '--help', cwd=tmp_path)[1].startswith('usage: websockify ')
    status, out, error = python('-m', 'websockify', '6080', cwd=tmp_path)
    assert (status, out) == (2, '') and 'websockify: error: Too few arguments' in error


# ---- where wsluice is ----

def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.abspath(BINARY))
    return path.parent


def test_by_its_name_in_the_path(tmp_path):
    bin_folder = program(tmp_path / 'bin' / 'wsluice')
    assert python('-m', 'websockify', '--version', cwd=tmp_path, WSLUICE='', PATH=str(bin_folder))[1].startswith('wsluice ')
    assert python('-m', 'websockify', '--version', cwd=tmp_path, WSLUICE='wsluice', PATH=str(bin_folder))[0] == 0


def test_by_websockifys_name_in_the_path(tmp_path):
    """The scripts of websockify itself, or of this package, are passed over."""
    script = tmp_path / 'first' / 'websockify'
    script.parent.mkdir()
    script.write_text(f'#!{PYTHON}\nfrom websockify.websocketproxy import websockify_init\nwebsockify_init()\n')
    script.chmod(0o755)
    paths = f'{script.parent}:{program(tmp_path / "bin" / "websockify")}'
    for words in (['-m', 'websockify'], [str(script)]):
        status, out, error = python(*words, '--version', cwd=tmp_path, WSLUICE='', PATH=paths)
        assert status == 0 and out.startswith('wsluice '), error


def test_beside_the_program(tmp_path):
    folder = program(tmp_path / 'app' / 'wsluice')
    starter = folder / 'start.py'
    starter.write_text('from websockify import websockify_init\nwebsockify_init()\n')
    assert python(str(starter), '--version', cwd=tmp_path, WSLUICE='', PATH='/nonexistent')[1].startswith('wsluice ')


@pytest.mark.parametrize('named, error', [
    ('', 'wsluice is not installed: it is neither in PATH nor beside this program; install wsluice, or set WSLUICE to its path'),
    ('/nonexistent/wsluice', '$WSLUICE is /nonexistent/wsluice, which is no program; install wsluice'),
    ('/etc', '$WSLUICE is /etc, which is no program'), ('/dev/null', '$WSLUICE is /dev/null, which is no program'),
])
def test_without_it(tmp_path, named, error):
    status, out, said = python('-m', 'websockify', '6080', 'localhost:1', cwd=tmp_path, WSLUICE=named, PATH='/nonexistent')
    assert (status, out) == (1, '') and said.startswith(f'websockify: error: {error}') and 'Traceback' not in said


def test_a_circle(tmp_path):
    """The variable names a script that starts this module again."""
    script = tmp_path / 'circle'
    script.write_text(f'#!{PYTHON}\nimport websockify\nwebsockify.websockify_init()\n')
    script.chmod(0o755)
    status, _, error = python('-m', 'websockify', '6080', 'localhost:1', cwd=tmp_path, WSLUICE=str(script))
    assert status == 1 and error.startswith('websockify: error: $WSLUICE starts this module again')


def test_a_circle_of_processes(tmp_path):
    """A script that starts this module as a child, and would go on and on."""
    script = tmp_path / 'wsluice.sh'
    script.write_text(f'#!/bin/sh\nN=$((N + 1))\nexport N\n[ $N -gt 20 ] && exit 9\n{PYTHON} -m websockify "$@"\nexit $?\n')
    script.chmod(0o755)
    status, _, error = python('-m', 'websockify', '6080', 'localhost:5900', cwd=tmp_path, WSLUICE=str(script))
    assert status == 1 and error.startswith('websockify: error: $WSLUICE starts this module again')


@pytest.mark.parametrize('text', ['import threading\nt = threading.Thread(target=websockify_init)\nt.start()\nt.join()',
                                  'sys.stdout.close()\nwebsockify_init()'], ids=['a thread', 'a closed stream'])
def test_starts_from(tmp_path, text):
    starter = code(f'sys.argv[1:] = ["--help"]\nfrom websockify import websockify_init\n{text}')
    status, _, error = python(*starter, cwd=tmp_path)
    assert (status, error) == (0, '')


def test_a_program_that_cannot_run(tmp_path):
    broken = tmp_path / 'wsluice'
    broken.write_bytes(b'\x7fELF')
    broken.chmod(0o755)
    status, _, error = python('-m', 'websockify', '6080', 'localhost:1', cwd=tmp_path, WSLUICE=str(broken))
    assert status == 1 and error.startswith(f'websockify: error: cannot start {broken}: Exec format error')


# ---- what is not there ----

CLASSES = [
    'from websockify.websocketproxy import ProxyRequestHandler', 'from websockify import WebSocketProxy, ProxyRequestHandler',
    'import websockify\nclass Handler(websockify.ProxyRequestHandler): pass',
    'import websockify.websocketproxy as proxy\nproxy.WebSocketProxy(target_host="a")',
    'from websockify.websockifyserver import WebSockifyServer',
    'from websockify import token_plugins\nclass Mine(token_plugins.BasePlugin): pass',
    'import websockify.token_plugins\nwebsockify.token_plugins.TokenFile("f")',
    'from websockify.auth_plugins import BasicHTTPAuth', 'import websockify.auth_plugins as a\nclass Mine(a.BasePlugin): pass',
]


@pytest.mark.parametrize('text', CLASSES, ids=lambda text: text.split('\n')[-1])
def test_classes(tmp_path, text):
    status, _, error = python('-c', text, cwd=tmp_path)
    last = error.splitlines()[-1]
    assert status == 1 and last.startswith('ImportError: websockify') and 'wsluice runs no Python classes' in last
    assert '--verify-client' in last if 'auth' in text else '--token-plugin=TokenFile' in last and 'tokens: {http: ...}' in last


def test_names_that_nobody_has(tmp_path):
    status, out, _ = python('-c', 'import websockify\nprint(hasattr(websockify, "nonsense"), websockify.__name__)', cwd=tmp_path)
    assert (status, out) == (0, 'False websockify\n')


def test_its_names_are_those_of_the_real_one():
    """Every class that websockify's modules define is absent by name, not by a bare AttributeError."""
    real = pathlib.Path('/usr/lib/python3/dist-packages/websockify')
    if not real.exists():
        pytest.skip('python3-websockify is not installed')
    sys.path.insert(0, str(MODULE))
    try:
        for name in ('websocketproxy', 'websockifyserver', 'token_plugins', 'auth_plugins'):
            module = __import__(f'websockify.{name}', fromlist=['ABSENT'])
            assert module.__file__.startswith(str(MODULE))
            classes = {line.split()[1].split('(')[0].rstrip(':') for line in (real / f'{name}.py').read_text().splitlines()
                       if line.startswith('class ')}
            assert classes <= module.ABSENT, name
    finally:
        sys.path.remove(str(MODULE))


# ---- built ----

def test_setuptools_builds_it(tmp_path):
    """Debian's setuptools, without a network."""
    if subprocess.run([PYTHON, '-c', 'import setuptools'], capture_output=True, check=False).returncode:
        pytest.skip('python3-setuptools is not installed')
    shutil.copytree(MODULE, tmp_path / 'source', ignore=shutil.ignore_patterns('__pycache__', 'build', '*.egg-info'))
    out = subprocess.run([PYTHON, '-c', 'from setuptools import setup; setup()', '-q', 'install', '--root', tmp_path / 'root',
                          '--single-version-externally-managed', '--install-layout=deb'], capture_output=True, text=True,
                         cwd=tmp_path / 'source', timeout=4 * WAIT, check=False, env={**os.environ, 'SETUPTOOLS_USE_DISTUTILS': 'stdlib'})
    assert out.returncode == 0, out.stderr
    installed = tmp_path / 'root' / 'usr'
    modules = {path.name for path in (installed / 'lib/python3/dist-packages/websockify').glob('*.py')}
    assert modules == {path.name for path in (MODULE / 'websockify').glob('*.py')}
    script, = installed.glob('**/bin/websockify')
    status, text, error = python(str(script), '--version', cwd=tmp_path, PYTHONPATH=str(installed / 'lib/python3/dist-packages'))
    assert status == 0 and text.startswith('wsluice '), error
