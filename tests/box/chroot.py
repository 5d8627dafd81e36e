"""Debian in a folder: minimal systems by debootstrap, kept in build-test/box, and throw-away copies of them by overlay.

Each command has mounts and processes of its own, so that nothing stays mounted or running behind it.
"""
import os
import pathlib
import re
import subprocess

from lab import ROOT

STORE = ROOT / 'build-test/box'
SUITES = 'bookworm', 'trixie'
AS_ROOT = [] if os.getuid() == 0 else ['sudo', '-n']
ENTER = '''
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" && cd "$2/root" && shift 2 &&
mkdir -p dev/shm dev/pts && mount -t proc proc proc && mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs dev/shm &&
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts && exec chroot . "$@"
'''
SETTINGS = ('PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive')
PROXIES = re.compile('(https?|no)_proxy', re.IGNORECASE)


def call(*command, **how):
    """Returns the output; fails with all of it."""
    how = {'stdin': subprocess.DEVNULL, **how}
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **how)
    assert result.returncode == 0, f'{command}: exit {result.returncode}\n{result.stdout}\n{result.stderr}'[-6000:]
    return result.stdout


def codename():
    """Of this machine's Debian."""
    return re.search(r'^VERSION_CODENAME=(\w+)', pathlib.Path('/etc/os-release').read_text(), re.MULTILINE).group(1)


def mirror():
    """The package mirror of this machine."""
    targets = call('apt-get', 'indextargets', '--format', '$(REPO_URI) $(CODENAME) $(COMPONENT)', 'Created-By: Packages')
    found = [line.split()[0] for line in targets.splitlines() if line.split()[1:] == [codename(), 'main']]
    assert found, f'no mirror of {codename()} in /etc/apt'
    return found[0]


def remade(stamp, wanted, make):
    """Calls make() unless the stamp says that this was done already."""
    if not stamp.exists() or stamp.read_text() != wanted:
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_text(wanted)


def minimal(suite):
    """The root folder of a minimal Debian, with this machine's way to the mirror."""
    root = STORE / 'debian' / suite

    def make():
        call(*AS_ROOT, 'rm', '-rf', root)
        root.parent.mkdir(parents=True, exist_ok=True)
        call(*AS_ROOT, 'debootstrap', '--variant=minbase', suite, root, mirror())
        settings = STORE / 'apt.conf'
        settings.write_text(call('apt-config', 'dump', 'Acquire'))
        call(*AS_ROOT, 'cp', settings, root / 'etc/apt/apt.conf.d/99machine')
        authorities = pathlib.Path('/etc/ssl/certs/ca-certificates.crt')
        call(*AS_ROOT, 'install', '-D', '-m', '644', authorities, f'{root}{authorities}')
        call(*AS_ROOT, 'sh', '-c', 'printf "#!/bin/sh\\nexit 101\\n" >$1 && chmod 755 $1', 'sh', root / 'usr/sbin/policy-rc.d')
    remade(root.with_suffix('.stamp'), suite, make)
    return root


class Chroot:
    """A system that takes changes in a folder of its own, above folders that do not change."""

    def __init__(self, folder, *below):
        self.folder, self.below = pathlib.Path(folder), below
        for part in ('upper', 'work', 'root'):
            (self.folder / part).mkdir(parents=True, exist_ok=True)

    @classmethod
    def prepared(cls, name, suite, *script):
        """A minimal system in which the script has run; kept for the next time."""
        folder = STORE / 'debian' / f'{suite}-{name}'
        below = minimal(suite)

        def make():
            call(*AS_ROOT, 'rm', '-rf', folder)
            cls(folder, below).run('sh', '-ec', *script)
        remade(folder.with_suffix('.stamp'), '\n'.join(script), make)
        return cls(folder, below)

    def above(self, folder):
        """A new system on top of this one."""
        return Chroot(folder, self.folder / 'upper', *self.below)

    def copy(self, folder):
        """The same system, which from now on changes by itself."""
        twin = Chroot(folder, *self.below)
        call(*AS_ROOT, 'rm', '-rf', twin.folder / 'upper')
        call(*AS_ROOT, 'cp', '-a', self.folder / 'upper', twin.folder / 'upper')
        return twin

    def remove(self):
        call(*AS_ROOT, 'rm', '-rf', self.folder)

    def command(self, *words):
        proxies = [f'{name}={value}' for name, value in os.environ.items() if PROXIES.fullmatch(name)]
        return [*AS_ROOT, 'unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', ENTER, 'sh',
                ':'.join(map(str, self.below)), str(self.folder), 'env', '-i', *SETTINGS, *proxies, *map(str, words)]

    def run(self, *words, **how):
        return call(*self.command(*words), **how)

    def give(self, source, target):
        """Copies a file or folder of this machine to a path in the system."""
        place = self.folder / 'upper' / target.lstrip('/')
        call(*AS_ROOT, 'mkdir', '-p', place.parent)
        call(*AS_ROOT, 'cp', '-r', source, place)

    def give_tree(self, target):
        """Copies what a clone of the tree at hand has: the files that git knows, as they are now."""
        place = self.folder / 'upper' / target.lstrip('/')
        call(*AS_ROOT, 'mkdir', '-p', place)
        call(*AS_ROOT, 'sh', '-c', 'cd "$1" && git -c safe.directory="$1" ls-files -z --cached --others --exclude-standard |'
             ' xargs -0 ls -d 2>/dev/null | tar c -T - | tar x --no-same-owner -C "$2"', 'sh', ROOT, place)
