"""`wsluice passwd`: a users file, as its author writes it: at a terminal, in scripts, as root and as others."""
import os
import pty
import signal
import stat
import tempfile

import pytest
from lab import BINARY, reachable, run
from users_file import crypted, demand_crypt, passwd
from wire import until


@pytest.fixture
def users(tmp_path):
    demand_crypt()
    return tmp_path / 'users'


@pytest.mark.parametrize('method, prefix', [('yescrypt', '$y$'), ('bcrypt', '$2b$12$'), ('sha512', '$6$')])
def test_other_programs_understand_the_hashes(users, method, prefix):
    assert passwd(users, 'ann', 'ö sesame', '--method', method) == (0, f'{users}: ann added ({method})\n', '')
    user, hashed = users.read_text().rstrip('\n').split(':')
    assert user == 'ann' and hashed.startswith(prefix) and crypted('ö sesame', hashed) == hashed
    assert stat.S_IMODE(users.stat().st_mode) == 0o600
    assert passwd(users, 'ann', 'ö sesame', '--verify')[0] == 0
    assert passwd(users, 'ann', 'o sesame', '--verify')[0] == 1


def test_the_hashes_of_others_are_understood(users):
    users.write_text(f'# ours\nbob:{crypted("sesame", "$2y$05$abcdefghijklmnopqrstuu")}\r\n')
    users.chmod(0o640)
    assert passwd(users, 'bob', 'sesame', '--verify')[0] == 0
    assert passwd(users, 'ann', 'sesame')[0] == 0
    lines = users.read_text().split('\n')
    assert lines[0] == '# ours' and lines[1].startswith('bob:$2y$05$') and lines[2].startswith('ann:$y$')
    assert stat.S_IMODE(users.stat().st_mode) == 0o640
    assert run('passwd', '--delete', users, 'bob')[0] == 0 and 'bob' not in users.read_text()


class Terminal:
    """The command at a terminal of its own."""

    def __init__(self, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores it
            os.execv(BINARY, [BINARY, *map(str, words)])
        self.shown = b''

    def type_after(self, question, text):
        until(lambda: question in self.read(), lambda: self.shown)
        self.shown = b''
        os.write(self.fd, text)

    def read(self):
        self.shown += os.read(self.fd, 4096)
        return self.shown

    def end(self):
        try:
            while True:
                self.read()
        except OSError:
            os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_terminal_is_asked_twice(users):
    terminal = Terminal('passwd', users, 'ann')
    terminal.type_after(b'New password of ann: ', b'sesame\n')
    terminal.type_after(b'The same again: ', b'sesame\n')
    assert terminal.end() == 0 and b'ann added' in terminal.shown and b'sesame' not in terminal.shown
    assert passwd(users, 'ann', 'sesame', '--verify')[0] == 0
    terminal = Terminal('passwd', users, 'ann')
    terminal.type_after(b'New password of ann: ', b'other\n')
    terminal.type_after(b'The same again: ', b'othre\n')
    assert terminal.end() == 1 and b'the two passwords differ' in terminal.shown
    assert passwd(users, 'ann', 'sesame', '--verify')[0] == 0
    terminal = Terminal('passwd', users, 'ann')
    terminal.type_after(b'New password of ann: ', b'\x03')
    assert terminal.end() == -2, 'Ctrl-C'


def test_files_of_other_programs_stay(users):
    for text in ('root:x:0:0:root:/root:/bin/sh\n', 'listeners: [":1"]\nroutes:\n', 'ann:plain\n'):
        users.write_text(text)
        code, _, err = passwd(users, 'bob', 'sesame')
        assert code == 1 and f'{users}:1: ' in err and users.read_text() == text
    assert not list(users.parent.glob('.wsluice*'))


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
def test_the_owner_stays(users):
    users.write_text('')
    os.chown(users, 0, 12345)
    users.chmod(0o640)
    assert passwd(users, 'ann', 'sesame')[0] == 0
    found = users.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 12345, 0o640)


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
def test_the_link_of_another_user_is_not_followed():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o1777)
        victim = os.path.join(folder, 'victim')
        with open(victim, 'w', encoding='ascii'):
            os.chmod(victim, 0o666)
        link = os.path.join(folder, 'users')
        os.symlink(victim, link)
        os.chown(link, 12345, 12345, follow_symlinks=False)
        binary = reachable(folder)
        for user in (None, 23456):
            how = {} if user is None else {'user': user, 'group': user, 'extra_groups': []}
            code, _, err = passwd(link, 'ann', 'sesame', binary=binary, **how)
            assert code == 1 and 'link' in err, err
        assert os.path.getsize(victim) == 0
