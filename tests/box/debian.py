"""Programs of a newer Debian than this one, from the mirror of this machine."""
import re
import subprocess

import container

FOLDER = container.STORE / 'newer'
SUITE = 'trixie-backports'
KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'


def caddy_version(program):
    said = subprocess.run([program, 'version'], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in re.match(r'v?(\d+)\.(\d+)', said).groups())


def newer_caddy():
    """A Caddy that knows stream_close_delay: the installed one, or that of Debian 13's backports, fetched once."""
    if caddy_version('caddy') >= (2, 7):
        return 'caddy'
    program = FOLDER / 'caddy/usr/bin/caddy'
    if not program.exists():
        for folder in ('lists/partial', 'cache/archives/partial'):
            (FOLDER / folder).mkdir(parents=True, exist_ok=True)
        (FOLDER / 'sources.list').write_text(f'deb [signed-by={KEYS}] {container.mirror()} {SUITE} main\n')
        apt = ['apt-get', '-q', '-o', f'Dir::Etc::SourceList={FOLDER}/sources.list', '-o', 'Dir::Etc::SourceParts=-',
               '-o', f'Dir::State::Lists={FOLDER}/lists', '-o', f'Dir::Cache={FOLDER}/cache', '-o', 'Acquire::Retries=3']
        container.call(*container.AS_ROOT, *apt, 'update')
        container.call(*apt, 'download', f'caddy/{SUITE}', cwd=FOLDER)
        package, = FOLDER.glob('caddy_*.deb')
        container.call('dpkg-deb', '-x', package, FOLDER / 'caddy')
    assert caddy_version(program) >= (2, 7)
    return str(program)
