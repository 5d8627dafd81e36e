"""What a stranger does first: the quickstart, the installation, the package."""
import os
import pathlib
import socket
import subprocess

import pytest
from lab import BINARY, ROOT

QUICKSTART = ROOT / 'contrib/quickstart.sh'
BUILD = pathlib.Path(BINARY).parent
pytestmark = pytest.mark.release_only


def quickstart(*arguments, ci=False):
    environment = {key: value for key, value in os.environ.items() if key != 'CI'}
    if ci:
        environment['CI'] = 'true'
    return subprocess.run([QUICKSTART, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=110, env=environment, check=False)


def test_quickstart_proves_that_the_bridge_works():
    result = quickstart('--check')
    assert result.returncode == 0, result.stdout + result.stderr
    assert 'the bridge works' in result.stdout
    again = quickstart(ci=True)
    assert again.returncode == 0, again.stdout + again.stderr


def test_quickstart_says_when_the_port_is_taken():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = quickstart(str(port))
    assert result.returncode == 1
    assert f'port {port} is in use' in result.stderr


def test_install(tmp_path):
    subprocess.run(['cmake', '--install', BUILD, '--prefix', tmp_path / 'usr'], check=True, capture_output=True)
    version = subprocess.run([tmp_path / 'usr/bin/wsluice', '--version'], capture_output=True, text=True, check=True)
    assert version.stdout.startswith('wsluice ')


def test_package(tmp_path):
    subprocess.run(['cpack', '-G', 'DEB', '-B', tmp_path], cwd=BUILD, check=True, capture_output=True)
    package, = tmp_path.glob('*.deb')
    content = subprocess.run(['dpkg-deb', '-c', package], capture_output=True, text=True, check=True).stdout
    assert './usr/bin/wsluice' in content
    depends = subprocess.run(['dpkg-deb', '-f', package, 'Depends'], capture_output=True, text=True, check=True).stdout
    assert 'libuv1' in depends and 'libssl3' in depends


def test_the_release_binary_is_hardened():
    headers = subprocess.run(['readelf', '-lWd', BINARY], capture_output=True, text=True, check=True).stdout
    assert 'GNU_RELRO' in headers and 'BIND_NOW' in headers
    assert 'DYN (' in headers, 'position-independent'
    stack, = (line for line in headers.splitlines() if 'GNU_STACK' in line)
    assert 'RWE' not in stack
