"""First steps of a new user: the quickstart, the installation, the package."""
import os
import pathlib
import shutil
import socket
import subprocess

import pytest
from lab import BINARY, ROOT, run

QUICKSTART = ROOT / 'contrib/quickstart.sh'
BUILD = pathlib.Path(BINARY).parent
pytestmark = pytest.mark.release_only


def quickstart(*arguments, ci=False):
    environment = {key: value for key, value in os.environ.items() if key != 'CI'}
    if ci:
        environment['CI'] = 'true'
    return subprocess.run([QUICKSTART, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=800, env=environment, check=False)


@pytest.mark.limit(900)  # it compiles all, beside other tests
def test_quickstart_proves_that_the_bridge_works():
    result = quickstart('--check')
    assert result.returncode == 0, result.stdout + result.stderr
    assert 'hello went through the bridge' in result.stdout
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
    for file in ('lib/systemd/system/wsluice.service', 'lib/sysusers.d/wsluice.conf', 'share/man/man1/wsluice.1',
                 'share/bash-completion/completions/wsluice', 'share/fish/vendor_completions.d/wsluice.fish',
                 'share/zsh/site-functions/_wsluice', 'share/zsh/vendor-completions/_wsluice'):
        assert (tmp_path / 'usr' / file).is_file(), file


PAGES = {'wsluice.1': ['man'], 'wsluice.bash': ['completion', 'bash'], 'wsluice.fish': ['completion', 'fish'],
         '_wsluice': ['completion', 'zsh'], 'schema.json': ['schema']}


def test_a_build_for_another_machine_installs_everything_where_it_is_told(tmp_path):
    """This machine cannot run what such a build makes: the pages come from the tarball. Folders are variables."""
    tree, build, root = tmp_path / 'tree', tmp_path / 'build', tmp_path / 'root'
    for folder in ('config', 'proxy', 'contrib'):
        shutil.copytree(ROOT / folder, tree / folder)
    for file in ('CMakeLists.txt', 'LICENSE', 'README.md', 'CHANGELOG.md'):
        shutil.copy(ROOT / file, tree)
    configure = ['cmake', '-S', tree, '-B', build, '-DCMAKE_SYSTEM_NAME=Linux', '-DWSLUICE_SYSTEMD_DIR=/etc/units',
                 '-DWSLUICE_SYSTEMD_USER_DIR=/etc/user-units',
                 '-DWSLUICE_SYSUSERS_DIR=', '-DWSLUICE_ZSH_DIRS=share/zsh', '-DCMAKE_INSTALL_PREFIX=/opt/wsluice']
    said = subprocess.run(configure, check=True, capture_output=True, text=True).stderr
    assert 'No manual page' in said
    (tree / 'contrib/pages').mkdir()
    for name, words in PAGES.items():
        (tree / 'contrib/pages' / name).write_text(run(*words)[1])
    said = subprocess.run(configure, check=True, capture_output=True, text=True).stderr
    assert 'No manual page' not in said
    for file in ('wsluice', 'wsluice-rebind.so'):
        shutil.copy(BUILD / file, build)
    subprocess.run(['cmake', '--install', build], check=True, capture_output=True, env={**os.environ, 'DESTDIR': str(root)})
    found = {str(path.relative_to(root)) for path in root.rglob('*') if not path.is_dir() and '/doc/' not in str(path)}
    share = 'opt/wsluice/share'
    assert found == {'opt/wsluice/bin/wsluice', 'opt/wsluice/lib/wsluice/wsluice-rebind.so', 'etc/units/wsluice.service',
                     'etc/units/wsluice.socket', 'etc/user-units/wsluice-forward@.service', f'{share}/man/man1/wsluice.1', f'{share}/zsh/_wsluice',
                     f'{share}/bash-completion/completions/wsluice', f'{share}/fish/vendor_completions.d/wsluice.fish',
                     f'{share}/wsluice/schema.json'}


def test_package(tmp_path):
    subprocess.run(['cpack', '-G', 'DEB', '-B', tmp_path], cwd=BUILD, check=True, capture_output=True)
    package, = tmp_path.glob('wsluice_*.deb')
    content = subprocess.run(['dpkg-deb', '-c', package], capture_output=True, text=True, check=True).stdout
    assert './usr/bin/wsluice' in content and './usr/lib/wsluice/wsluice-rebind.so' in content
    depends = subprocess.run(['dpkg-deb', '-f', package, 'Depends'], capture_output=True, text=True, check=True).stdout
    assert 'libuv1' in depends and 'libssl3' in depends


@pytest.mark.skipif(not (BUILD / 'websockify').is_symlink(), reason='built without WSLUICE_WEBSOCKIFY_NAME')
def test_package_of_the_name(tmp_path):
    subprocess.run(['cpack', '-G', 'DEB', '-B', tmp_path], cwd=BUILD, check=True, capture_output=True)
    package, = tmp_path.glob('wsluice-websockify_*.deb')
    content = subprocess.run(['dpkg-deb', '-c', package], capture_output=True, text=True, check=True).stdout
    assert './usr/bin/websockify -> wsluice' in content and 'wsluice-rebind' not in content
    fields = subprocess.run(['dpkg-deb', '-f', package], capture_output=True, text=True, check=True).stdout
    assert 'Provides: websockify\n' in fields and 'Depends: wsluice (>= ' in fields
    assert 'Conflicts' not in fields and 'Replaces' not in fields, 'Debian\'s websockify can be installed beside it'


def test_a_wrapped_command_after_installation(tmp_path):
    """The shim is found from wherever the whole was put."""
    subprocess.run(['cmake', '--install', BUILD, '--prefix', tmp_path / 'opt'], check=True, capture_output=True)
    told = subprocess.run([tmp_path / 'opt/bin/wsluice', '127.0.0.1:0', '--', 'printenv', 'LD_PRELOAD'],
                          capture_output=True, text=True, timeout=20, check=True).stdout
    assert pathlib.Path(told.strip()).samefile(tmp_path / 'opt/lib/wsluice/wsluice-rebind.so')


def test_the_release_binary_is_hardened():
    headers = subprocess.run(['readelf', '-lWd', BINARY], capture_output=True, text=True, check=True).stdout
    assert 'GNU_RELRO' in headers and 'BIND_NOW' in headers
    assert 'DYN (' in headers, 'position-independent'
    stack, = (line for line in headers.splitlines() if 'GNU_STACK' in line)
    assert 'RWE' not in stack
