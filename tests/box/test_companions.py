"""Files installed beside the program: completion, the manual page, units; all of them in the package."""
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from gateway import ANY, get, write
from lab import BINARY, ROOT, run
from wire import until

BUILD = pathlib.Path(BINARY).parent
CONTRIB = ROOT / 'contrib'


@pytest.fixture(name='installed', scope='module')
def fixture_installed(tmp_path_factory):
    """The installed content of the Debian package."""
    folder = tmp_path_factory.mktemp('package')
    subprocess.run(['cpack', '-G', 'DEB', '-B', folder], cwd=BUILD, check=True, capture_output=True)
    package, = folder.glob('wsluice_*.deb')
    subprocess.run(['dpkg-deb', '-R', package, folder / 'root'], check=True)
    return folder / 'root'


def text_of(*arguments):
    status, out, err = run(*arguments)
    assert (status, err) == (0, ''), err
    return out


# ---- completion ----

def words():
    """The commands of the program."""
    sources = ''.join(file.read_text() for file in (ROOT / 'proxy/run/cli').rglob('*.c'))
    return set(re.findall(r'\.name = "([a-z-]+)",\s+\.operands =', sources))


def flags_of_help():
    return set(re.findall(r'^  (?:-\w,|   ) --([a-z0-9-]+)', run('--help')[1], re.MULTILINE))


def test_help_names_every_flag_and_word():
    offered = re.search(r"current == -\*.*?choices='(.*?)'", text_of('completion', 'bash'), re.DOTALL).group(1)
    assert flags_of_help() == {flag.strip('-=') for flag in offered.split()}
    commands = run('--help')[1].split('\nCommands')[1].split('\n\n')[0]
    assert set(re.findall(r'^  ([a-z-]+)', commands, re.MULTILINE)) == words()


@pytest.mark.parametrize('shell', ['bash', 'zsh', 'fish'])
def test_completion_is_sound_and_whole(shell, tmp_path):
    script = tmp_path / 'completion'
    script.write_text(text_of('completion', shell))
    subprocess.run([shell, '-n', script], check=True)
    for flag in flags_of_help():
        assert re.search(rf'(--| -l ){flag}\b', script.read_text()), flag
    for word in words():
        assert re.search(rf"[' ]{word}[:' |)]", script.read_text()), word


class Shell:
    """A shell on a terminal: types text and reads the screen."""

    def __init__(self, *command, **environment):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(environment, TERM='dumb', PS1='', LINES='50', COLUMNS='1000')
            os.execvp(command[0], command)

    def type(self, text, until=None):
        os.write(self.terminal, text.encode())
        said, end = b'', time.monotonic() + 10
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.3)[0]:
                said += os.read(self.terminal, 65536)
            elif until is None:
                break
            if until and re.search(until, said.decode(errors='replace')):
                break
        return said.decode(errors='replace')

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


@pytest.mark.parametrize('typed, becomes', [
    ('wsluice --log-lev\twa\t', 'wsluice --log-level=warn'),
    ('wsluice che\tgate\t', 'wsluice check gateway.yaml'),
    ('wsluice --cert=de\t', 'wsluice --cert=desk.pem'),
    ('wsluice --cert de\t', 'wsluice --cert desk.pem'),
    ('wsluice --web=fo\t', 'wsluice --web=folder/'),
    ('wsluice help-config log.le\t', 'wsluice help-config log.level'),
    ('wsluice status --wat\t', 'wsluice status --watch'),
    ('wsluice help sche\t', 'wsluice help schema'),
    ('wsluice completion z\t', 'wsluice completion zsh'),
    ('wsluice vers\t', 'wsluice version'),
    ('wsluice status --order=de\t', 'wsluice status --order=desc'),
    ('wsluice kill --socket=gate\t', 'wsluice kill --socket=gateway.yaml'),
])
def test_bash_completes(tmp_path, typed, becomes):
    (tmp_path / 'completion').write_text(text_of('completion', 'bash'))
    (tmp_path / 'gateway.yaml').touch()
    (tmp_path / 'desk.pem').touch()
    (tmp_path / 'folder').mkdir()
    shell = Shell('bash', '--norc', '--noprofile', '-i')
    try:
        shell.type(f'cd {tmp_path}; bind "set bell-style none"; source completion; echo go\n', until=r'\ngo')
        shell.type(typed)
        said = shell.type("\x01echo '<\x05>'\n", until=r"\n<.*>")  # the line as it is now, in quotes
    finally:
        shell.close()
    assert re.search(r'\n<(.*?) ?>', said).group(1) == becomes, said


def test_zsh_completes(tmp_path):
    (tmp_path / '_wsluice').write_text(text_of('completion', 'zsh'))
    shell = Shell('zsh', '-f', '-i')
    try:
        shell.type(f'unsetopt beep; fpath=({tmp_path} $fpath); autoload -U compinit; compinit -u -D; echo go\n',
                   until=r'\ngo')
        for typed, becomes in (('wsluice --log-lev\twa\t', 'wsluice --log-level=warn'),
                               ('wsluice che\t', 'wsluice check'),
                               ('wsluice help-config log.le\t', 'wsluice help-config log.level'),
                               ('wsluice help sche\t', 'wsluice help schema'),
                               ('wsluice completion fi\t', 'wsluice completion fish'),
                               ('wsluice status --order=de\t', 'wsluice status --order=desc')):
            shell.type(typed)
            said = shell.type("\x01echo '<\x05>'\n", until=r'\n<.*>')
            assert re.search(r'\n<(.*?) ?>', said).group(1) == becomes, said
    finally:
        shell.close()


@pytest.mark.parametrize('typed, offered', [
    ('wsluice --log-level=', 'warn'), ('wsluice che', 'check'), ('wsluice help-config log.le', 'log.level'),
    ('wsluice help sche', 'schema'), ('wsluice completion ', 'zsh'),
    ('wsluice status --wat', '--watch'), ('wsluice status --order=', 'desc')])
def test_fish_completes(tmp_path, typed, offered):
    (tmp_path / 'completion').write_text(text_of('completion', 'fish'))
    said = subprocess.run(['fish', '-N', '-c', f'source {tmp_path}/completion; complete -C "{typed}"'],
                          capture_output=True, text=True, check=True, env={**os.environ, 'HOME': str(tmp_path)}).stdout
    assert offered in said, said


def test_a_shell_that_is_not_known():
    status, _, err = run('completion', 'tcsh')
    assert status == 2 and 'bash, zsh or fish' in err


# ---- the manual page ----

def test_manual_page(tmp_path):
    page = tmp_path / 'wsluice.1'
    page.write_text(text_of('man'))
    said = subprocess.run(['mandoc', '-T', 'lint', page], capture_output=True, text=True, check=False).stdout
    complaints = [line for line in said.splitlines() if 'missing date' not in line]
    assert not complaints, complaints
    shown = subprocess.run(['mandoc', '-T', 'ascii', page], capture_output=True, text=True, check=True).stdout
    shown = re.sub('.\b', '', shown)
    for flag in flags_of_help():
        assert f'--{flag}' in shown, flag
    for word in words():
        assert re.search(rf'^ {{7}}{word}\b', shown, re.MULTILINE), word
    assert 'routes[].targets[].ca' in shown and 'WSLUICE_TARGET' in shown


def test_man_on_a_terminal(tmp_path):
    """It goes through man, or as it is where man is missing."""
    (tmp_path / 'man').write_text('#!/bin/sh\n[ "$*" = "-l -" ] && grep -c ^.TH && echo shown\n')
    (tmp_path / 'man').chmod(0o755)
    for path, expected in ((f'{tmp_path}:/usr/bin:/bin', r'1\s+shown'), (str(tmp_path / 'none'), r'\.TH WSLUICE 1')):
        shell = Shell(BINARY, 'man', PATH=path)
        try:
            said = shell.type('', until=expected)
        finally:
            shell.close()
        assert re.search(expected, said), said


# ---- the package ----

def test_package_has_it_all(installed):
    for path in ('usr/bin/wsluice', 'usr/share/man/man1/wsluice.1.gz', 'usr/lib/systemd/system/wsluice.service',
                 'usr/lib/systemd/system/wsluice.socket', 'usr/lib/systemd/user/wsluice-forward@.service',
                 'usr/lib/sysusers.d/wsluice.conf',
                 'usr/share/bash-completion/completions/wsluice', 'usr/share/fish/vendor_completions.d/wsluice.fish',
                 'usr/share/zsh/vendor-completions/_wsluice', 'usr/share/wsluice/schema.json',
                 'usr/share/doc/wsluice/contrib/README.md', 'usr/share/doc/wsluice/contrib/recipes/desktops.md'):
        assert (installed / path).is_file(), path
    for script in ('postinst', 'prerm', 'postrm'):
        subprocess.run(['sh', '-n', installed / 'DEBIAN' / script], check=True)


# ---- systemd ----

def test_units(installed, tmp_path):
    """systemd-analyze has no complaint, and a low exposure score."""
    for name in ('wsluice.service', 'wsluice.socket'):
        text = (installed / 'usr/lib/systemd/system' / name).read_text()
        assert 'ExecStart=wsluice ' in text or name.endswith('socket')
        (tmp_path / name).write_text(re.sub(r'^(Exec\w+=)wsluice ', rf'\1{installed}/usr/bin/wsluice ', text, flags=re.M))
    said = subprocess.run(['systemd-analyze', 'verify', '--man=no', *tmp_path.glob('wsluice.*')], capture_output=True,
                          text=True, check=False)
    assert said.returncode == 0 and 'wsluice' not in said.stderr, said.stderr
    said = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--threshold=18',
                           tmp_path / 'wsluice.service'], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    print(said.stdout.splitlines()[-1])


def test_the_unit_of_a_forward(installed, tmp_path):
    text = (installed / 'usr/lib/systemd/user/wsluice-forward@.service').read_text()
    path = tmp_path / 'wsluice-forward@db.service'
    path.write_text(re.sub(r'^(ExecStart=)wsluice ', rf'\1{installed}/usr/bin/wsluice ', text, flags=re.M))
    said = subprocess.run(['systemd-analyze', 'verify', '--user', '--man=no', path], capture_output=True, text=True, check=False,
                          env={**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path), 'HOME': str(tmp_path)})
    assert said.returncode == 0 and 'wsluice' not in said.stderr, said.stderr


def allowed_calls(unit):
    """The system calls that the lines of the unit allow."""
    def members(word):
        if word[0] != '@':
            return {word}
        said = subprocess.run(['systemd-analyze', 'syscall-filter', word], capture_output=True, text=True,
                              check=True).stdout
        words = [line.strip() for line in said.splitlines()[1:]]
        return set().union(*(members(inner) for inner in words if inner and inner[0] != '#'))
    calls = set()
    for sign, groups in re.findall(r'^SystemCallFilter=(~?)(.+)$', unit, re.MULTILINE):
        for group in groups.split():
            calls = calls - members(group) if sign else calls | members(group)
    return calls


def test_the_unit_forbids_no_call_that_is_made(lab, installed, certs):
    """Runs every feature under strace: TLS, names, files, sockets with an owner, rotation, reload, drain."""
    target, folder = lab.target(), lab.folder
    (folder / 'web').mkdir()
    (folder / 'web/page.html').write_text('page')
    config = write(folder / 'gateway.yaml', {
        'log': {'file': str(folder / 'log')}, 'admin': str(folder / 'admin.sock'), 'workers': 2,
        'pid_file': str(folder / 'pid'),
        'listeners': [{'address': ANY, 'tls': {'mode': 'optional', 'certificates': [
                          {'certificate': certs.ec, 'key': certs.ec_key}]}},
                      {'address': f'unix:{folder}/s', 'socket_group': str(os.getgid()), 'socket_mode': '0660'}],
        'routes': [{'path': '/', 'target': f'tcp://localhost:{target.port}'},
                   {'path': '/files/*', 'files': str(folder / 'web')}]})
    trace = folder / 'trace'
    command = folder / 'traced'
    command.write_text(f'#!/bin/sh\nexec strace -D -f -qq -o {trace} {BINARY} "$@"\n')
    command.chmod(0o755)
    bridge = lab.start('--config', config, binary=command, logs_to=folder / 'log')
    for how in ({}, {'context': certs.context()}):
        client = lab.open(bridge, **how)
        assert client.binary(b'traced').data(6) == b'traced'
        client.bye()
    assert get(lab, bridge, '/files/page.html').body == b'page'
    assert run('health', config)[0] == 0
    log = folder / 'log'
    log.rename(folder / 'log.1')
    bridge.signal(signal.SIGUSR1)
    until(log.exists, 'a new file')
    bridge.signal(signal.SIGHUP)
    until(lambda: 'configuration' in log.read_text(), log.read_text)
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    made = set(re.findall(r'^\d+ +(\w+)\(', trace.read_text(), re.MULTILINE))
    unit = (installed / 'usr/lib/systemd/system/wsluice.service').read_text()
    assert len(made) > 40 and made - allowed_calls(unit) == set()


def test_the_user_of_the_unit(installed, tmp_path):
    root = tmp_path / 'root'
    (root / 'etc').mkdir(parents=True)
    subprocess.run(['systemd-sysusers', f'--root={root}', installed / 'usr/lib/sysusers.d/wsluice.conf'], check=True,
                   capture_output=True)
    unit = (installed / 'usr/lib/systemd/system/wsluice.service').read_text()
    user = re.search(r'^User=(.+)$', unit, re.MULTILINE).group(1)
    assert re.search(rf'^{user}:', (root / 'etc/passwd').read_text(), re.MULTILINE)
