"""Debian 12 and 13 from nothing: from a clone to the demo, the build without a warning, unit and end-to-end tests."""
import os
import pathlib
import re
import subprocess
import time

import pytest
from chroot import AS_ROOT, SUITES, Chroot, call, minimal
from container import descendants
from gateway import Endpoint, get
from lab import ROOT
from ports import free_port
from wire import WAIT

SETUP = 60
# Tests that need no other program than those of the build.
SELECTION = ('test_bridge', 'test_frames', 'test_handshake', 'test_tls', 'test_websockify', 'test_files', 'test_gateway_routes',
             'test_reload', 'test_upgrade', 'test_drain', 'test_wrap')
pytestmark = [pytest.mark.debian, pytest.mark.parametrize('suite', SUITES)]


def worked(pid):
    """Processor seconds of a process and of all that it has waited for."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf('SC_CLK_TCK')


def test_from_a_clone_to_the_demo(lab, suite, tmp_path):
    """The first of the README's two commands, with apt's downloads. On a machine that is busy with other things it may take
    longer, if the work itself keeps two processors for less than a minute."""
    fresh = Chroot(tmp_path / 'fresh', minimal(suite))
    fresh.give_tree('/root/wsluice')
    port, began = free_port(), time.monotonic()
    quickstart = subprocess.Popen(fresh.command('/root/wsluice/contrib/quickstart.sh', port), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    try:
        while not lines or 'listening on' not in lines[-1]:
            lines.append(quickstart.stdout.readline())
            assert lines[-1], lines
        took, work = time.monotonic() - began, sum(map(worked, descendants(quickstart.pid)))
        page = get(lab, Endpoint(f'127.0.0.1:{port}'), '/')
        assert page.status == 200 and b'<title>wsluice' in bytes(page.body)
    finally:
        call(*AS_ROOT, 'kill', '-9', quickstart.pid)
        quickstart.wait(WAIT)
        fresh.remove()
    print(f'{suite}: from a clone to the demo in {took:.0f} s, of which processors worked {work:.0f} s')
    assert work > 5, 'the compiler was counted'
    assert took <= SETUP or work <= 2 * SETUP, ''.join(lines)


def test_the_tree(suite, built):
    """Built with the compiler of that Debian, all unit tests, some of the end-to-end tests."""
    machine = built(suite)
    said = machine.run('ctest', '--test-dir', '/build', '--no-tests=error', '--timeout', '300', '-j2', '--output-on-failure')
    assert '100% tests passed' in said
    print(f'{suite}: {re.search("of ([0-9]+)$", said, re.MULTILINE).group(1)} unit tests')
    files = [f'/src/tests/e2e/{name}.py' for name in SELECTION]
    missing = [name for name in SELECTION if not (ROOT / f'tests/e2e/{name}.py').is_file()]
    assert not missing
    said = machine.run('sh', '-ec', 'cd /src && WSLUICE=/build/wsluice exec setarch -R /usr/bin/python3 -m pytest '
                       '-p no:cacheprovider --no-header -q -ra --tb=short -n 3 "$@"', 'sh', *files)
    print(f'{suite}: {said.strip().splitlines()[-1]}')
    assert ' passed' in said


def test_lintian(suite, built):
    """Nothing to complain about, but that the packages are not Debian's own."""
    folder = built(suite).folder / 'upper/debs'
    debs = sorted(folder.glob('*.deb'))
    assert len(debs) == 2
    result = subprocess.run(['lintian', '--fail-on', 'error,warning', '--suppress-tags',
                             'bogus-mail-host,bogus-mail-host-in-debian-changelog', *debs],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
