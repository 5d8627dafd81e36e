"""Programs of a newer Debian than this one, from the mirror of this machine."""
import re
import shutil
import subprocess

import chroot
import container

FOLDER = container.STORE / 'newer'
KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'


def unpacked(package, suite):
    """The folder with the files of a package, fetched once."""
    folder = FOLDER / f'{package}-{suite}'
    if not (folder / 'root').exists():
        shutil.rmtree(folder, ignore_errors=True)
        for name in ('lists/partial', 'cache/archives/partial'):
            (folder / name).mkdir(parents=True)
        (folder / 'sources.list').write_text(f'deb [signed-by={KEYS}] {chroot.mirror()} {suite} main\n')
        apt = ['apt-get', '-q', '-o', f'Dir::Etc::SourceList={folder}/sources.list', '-o', 'Dir::Etc::SourceParts=-',
               '-o', f'Dir::State::Lists={folder}/lists', '-o', f'Dir::Cache={folder}/cache', '-o', 'Acquire::Retries=3']
        container.call(*container.AS_ROOT, *apt, 'update')
        container.call(*apt, 'download', f'{package}/{suite}', cwd=folder)
        file, = folder.glob(f'{package}_*.deb')
        container.call('dpkg-deb', '-x', file, folder / 'part')
        container.call(*container.AS_ROOT, 'rm', '-rf', folder / 'lists', folder / 'cache')
        (folder / 'part').rename(folder / 'root')
    return folder / 'root'


def caddy_version(program):
    said = subprocess.run([program, 'version'], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in re.match(r'v?(\d+)\.(\d+)', said).groups())


def newer_caddy():
    """A Caddy that knows stream_close_delay: the installed one, or that of Debian 13's backports."""
    if caddy_version('caddy') >= (2, 7):
        return 'caddy'
    program = str(unpacked('caddy', 'trixie-backports') / 'usr/bin/caddy')
    assert caddy_version(program) >= (2, 7)
    return program


def newer_novnc():
    """The files of a noVNC that resolves its path from its own address, as since 1.6."""
    return unpacked('novnc', 'trixie') / 'usr/share/novnc'
