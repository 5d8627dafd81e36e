"""The Debian packages beside Debian's websockify and novnc: every order of installing and removing, upgrades, purge."""
import itertools
import pathlib
import re
import subprocess

import pytest
from chroot import AS_ROOT, SUITES, Chroot, call
from gateway import Endpoint, get
from lab import BINARY
from ports import free_port
from wire import WAIT

BUILD = pathlib.Path(BINARY).parent
OURS = ('wsluice', 'wsluice-websockify')
# What each step installs or removes at once, and which other steps it needs, one of them.
STEPS = {'python3-websockify': (), 'websockify': ('python3-websockify',), 'novnc': ('websockify', 'ours'), 'ours': ()}
COMPLAINT = re.compile(r'warning|error|problem|fail|refus|unable|cannot|ignoring', re.IGNORECASE)
# Names that other packages' scripts leave behind, and dpkg's own records.
OTHERS = re.compile(r'__pycache__|^/(etc/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$|var/lib/dpkg/|var/lib/novnc)')

# novnc with all that it depends on and novnc_proxy's ps, but for the packages under test: those are in /debs.
NOVNC = '''
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/fast
apt-get -q update
fetch() { apt-get -q -y --no-install-recommends "$@"; }
fetch --download-only install novnc python3-websockify websockify
mkdir /debs && mv /var/cache/apt/archives/novnc_* /var/cache/apt/archives/*websockify_* /debs
fetch install procps libssl3 libuv1 libyaml-0-2 libjansson4 libseccomp2 $(ls /var/cache/apt/archives/*.deb | sed 's,.*/,,; s,_.*,,')
apt-get clean
'''


# Debian 13's libraries provide the names of Debian 12's, so that the packages of either can be installed there. The slow
# ones build their own.
@pytest.fixture(name='suite', scope='module', params=['trixie', *(pytest.param(f'own-{suite}', marks=pytest.mark.debian)
                                                                  for suite in SUITES)])
def fixture_suite(request):
    return request.param


@pytest.fixture(name='debs', scope='module')
def fixture_debs(suite, built, tmp_path_factory):
    """The packages of the build under test."""
    if suite.startswith('own-'):
        folder = built(suite.removeprefix('own-')).folder / 'upper/debs'
    else:
        folder = tmp_path_factory.mktemp('debs')
        subprocess.run(['cpack', '-G', 'DEB', '-B', folder], cwd=BUILD, check=True, capture_output=True)
    return {package: next(folder.glob(f'{package}_*.deb')) for package in OURS}


@pytest.fixture(name='machine', scope='module')
def fixture_machine(suite, debs, tmp_path_factory):
    """A minimal Debian with everything in reach."""
    machine = Chroot.prepared('novnc', suite.removeprefix('own-'), NOVNC).above(tmp_path_factory.mktemp('machine'))
    for file in debs.values():
        machine.give(file, f'/debs/{file.name}')
    yield machine
    machine.remove()


@pytest.fixture(name='fresh')
def fixture_fresh(machine, tmp_path):
    """A copy of it for one test."""
    copy = machine.copy(tmp_path / 'copy')
    yield copy
    copy.remove()


def dpkg(machine, *words):
    """Runs dpkg, which must have nothing to complain about."""
    said = machine.run('sh', '-ec', 'dpkg "$@" 2>&1', 'sh', *words)
    assert not COMPLAINT.search(said), said
    return said


def packages(step):
    return OURS if step == 'ours' else (step,)


def install(machine, step):
    dpkg(machine, '-i', *machine.run('sh', '-c', f'ls {" ".join(f"/debs/{name}_*" for name in packages(step))}').split())


def remove(machine, step):
    dpkg(machine, '--purge', *packages(step))


def state(machine):
    """All that the packages put into a system: files, diversions, what dpkg knows."""
    said = machine.run('sh', '-ec', 'find /usr /etc /var/lib -xdev -printf "%p %l\\n"; dpkg-divert --list; '
                       'dpkg-query -W -f "\\${db:Status-Abbrev}\\${Package}\\n" novnc "*websockify*" "wsluice*" 2>/dev/null || true')
    return frozenset(line for line in said.splitlines() if not OTHERS.search(line.split(' ', 1)[0]))


def check_the_name(machine, installed):
    """/usr/bin/websockify is ours if our package is there, or else Debian's, or nothing."""
    said = machine.run('sh', '-c', 'ls /usr/bin/websockify* /usr/share/man/man1/websockify* 2>/dev/null; '
                       'dpkg-divert --list "*websockify*"; '
                       'test ! -e /usr/bin/websockify || websockify --help; true')
    assert ('wsluice' in said) == ('ours' in installed), said
    assert ('/usr/bin/websockify\n' in said) == bool(installed & {'ours', 'python3-websockify'}), said
    assert ('.distrib\n' in said) == ({'ours', 'python3-websockify'} <= installed), said
    if 'ours' in installed or 'python3-websockify' in installed:
        assert 'usage' in said.lower(), said


def may_install(step, installed):
    return step not in installed and (not STEPS[step] or installed & set(STEPS[step]))


def may_remove(step, installed):
    rest = installed - {step}
    return step in installed and all(not STEPS[other] or rest & set(STEPS[other]) for other in rest)


@pytest.mark.debian
def test_every_order(machine, tmp_path):
    """From each state that packages can be in, each step leads to one that only depends on what is installed. So no order
    of steps, however long, ends elsewhere."""
    start = frozenset()
    known, todo = {start: (state(machine), machine)}, [start]
    steps = 0
    while todo:
        installed = todo.pop()
        here = known[installed][1]
        for step, (may, do, change) in itertools.product(
                STEPS, ((may_install, install, frozenset.union), (may_remove, remove, frozenset.difference))):
            if not may(step, installed):
                continue
            there = here.copy(tmp_path / str(steps))
            steps += 1
            do(there, step)
            after = change(installed, {step})
            check_the_name(there, after)
            found = state(there)
            if after in known:
                assert found == known[after][0], (f'{do.__name__} {step} in {set(installed)}', found ^ known[after][0])
                there.remove()
            else:
                known[after] = (found, there)
                todo.append(after)
    print(f'packages: {steps} steps between {len(known)} states')
    assert len(known) == 10 and steps > 24
    for installed, (_, there) in known.items():
        if installed:
            there.remove()


@pytest.mark.parametrize('order', [('ours', 'novnc'), ('python3-websockify', 'websockify', 'novnc', 'ours')], ids=','.join)
def test_novnc_works(lab, fresh, order):
    for step in order:
        install(fresh, step)
    target, port = lab.target(), free_port()
    launcher = subprocess.Popen(
        fresh.command('/usr/share/novnc/utils/novnc_proxy', '--listen', port, '--vnc', f'127.0.0.1:{target.port}'),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lines = []
        while not lines or 'Navigate to this URL' not in lines[-1]:
            lines.append(launcher.stdout.readline())
            assert lines[-1], ''.join(lines)
        endpoint = Endpoint(f'127.0.0.1:{port}')
        page = get(lab, endpoint, '/vnc.html')
        assert page.status == 200 and 'noVNC' in str(page.body)
        client = lab.open(endpoint, upgrade={'path': '/websockify'})
        assert client.binary(b'through novnc_proxy').data(19) == b'through novnc_proxy'
        client.bye()
    finally:
        call(*AS_ROOT, 'kill', '-9', launcher.pid)
        launcher.wait(WAIT)


# ---- upgrades ----

def rebuilt(machine, package, version, *changes):
    """Makes a package of another version from one of /debs; the changes are shell commands in its unpacked root."""
    machine.run('sh', '-ec', '''
        rm -rf /tmp/p && dpkg-deb -R /debs/$1_* /tmp/p && cd /tmp/p && sed -i "s/^Version: .*/Version: $2/" DEBIAN/control
        eval "$3" && mkdir -p /other && dpkg-deb --root-owner-group -b /tmp/p /other/$1_$2.deb''',
                'sh', package, version, '\n'.join(changes))
    return f'/other/{package}_{version}.deb'


def old_packages(machine):
    """As 0.1.0 had them: no diversion, and in conflict with Debian's package."""
    name = rebuilt(machine, 'wsluice-websockify', '0.1.0', 'rm -r DEBIAN/p* usr/share',
                   'sed -i "s/^Depends: .*/Depends: wsluice (= 0.1.0)\\nConflicts: websockify\\nReplaces: websockify/" DEBIAN/control')
    return rebuilt(machine, 'wsluice', '0.1.0', 'rm -r usr/share/doc'), name


def test_upgrade_from_the_first_version(fresh):
    clean = state(fresh)
    install(fresh, 'ours')
    wanted = state(fresh)
    remove(fresh, 'ours')
    old = old_packages(fresh)
    dpkg(fresh, '-i', *old)
    assert fresh.run('sh', '-c', 'readlink /usr/bin/websockify; dpkg-divert --list "*websockify*"') == 'wsluice\n'
    install(fresh, 'ours')
    assert state(fresh) == wanted
    install(fresh, 'python3-websockify')
    check_the_name(fresh, {'ours', 'python3-websockify'})
    remove(fresh, 'ours')
    remove(fresh, 'python3-websockify')
    assert state(fresh) == clean


@pytest.mark.parametrize('before', ['0.1.0', 'this'])
def test_an_upgrade_that_fails_changes_nothing(fresh, before):
    """The new package has a file that belongs to another one: dpkg gives up after preinst."""
    if before == '0.1.0':
        dpkg(fresh, '-i', *old_packages(fresh))
    else:
        install(fresh, 'python3-websockify')
        install(fresh, 'ours')
    was = state(fresh)
    broken = rebuilt(fresh, 'wsluice-websockify', '9.0.0', 'sed -i "/^Depends/d" DEBIAN/control', 'touch usr/bin/env')
    said = fresh.run('sh', '-c', f'! dpkg -i {broken} 2>&1')
    assert 'trying to overwrite' in said and 'usr/bin/env' in said
    assert state(fresh) == was


def test_reinstalling_keeps_the_name(fresh):
    install(fresh, 'python3-websockify')
    install(fresh, 'ours')
    was = state(fresh)
    install(fresh, 'ours')
    install(fresh, 'python3-websockify')
    assert state(fresh) == was


def test_the_gateway_alone_leaves_websockify(fresh, debs):
    """Only the second package takes the name."""
    install(fresh, 'python3-websockify')
    dpkg(fresh, '-i', f'/debs/{debs["wsluice"].name}')
    check_the_name(fresh, {'python3-websockify'})
    said = fresh.run('wsluice', '--version')
    assert said.startswith('wsluice ')


def test_apt_is_content_with_ours(fresh, debs):
    """What depends on websockify takes ours; Debian's can come later, and nothing goes."""
    files = [f'/debs/{file.name}' for file in debs.values()]
    said = fresh.run('apt-get', '-s', '--no-install-recommends', 'install', *files, 'novnc')
    assert {line.split()[1] for line in said.splitlines() if line.startswith('Inst ')} >= {*OURS, 'novnc'}
    assert 'python3-websockify' not in said
    install(fresh, 'ours')
    said = fresh.run('apt-get', '-s', '--no-install-recommends', 'install', 'websockify')
    assert 'Inst python3-websockify' in said and not re.search('^Remv ', said, re.MULTILINE), said


# ---- the unit's files ----

def test_purge_removes_logs_and_keeps_the_administrators_files(fresh):
    clean = state(fresh)
    install(fresh, 'ours')
    fresh.run('sh', '-ec', 'mkdir -p /var/log/wsluice /etc/wsluice; touch /var/log/wsluice/wsluice.log; '
              'mkdir -p /etc/systemd/system/multi-user.target.wants; cd /etc/systemd/system/multi-user.target.wants; '
              'ln -s /usr/lib/systemd/system/wsluice.service')
    dpkg(fresh, '--remove', *OURS)
    fresh.run('test', '-e', '/var/log/wsluice/wsluice.log')
    dpkg(fresh, '--purge', *OURS)
    fresh.run('sh', '-ec', 'test ! -e /var/log/wsluice; rmdir -p --ignore-fail-on-non-empty '
              '/etc/systemd/system/multi-user.target.wants')
    assert not {line for line in state(fresh) - clean if 'wsluice' in line}
    install(fresh, 'ours')
    fresh.run('sh', '-ec', 'mkdir -p /etc/wsluice; touch /etc/wsluice/wsluice.yaml')
    remove(fresh, 'ours')
    fresh.run('test', '-e', '/etc/wsluice/wsluice.yaml')
