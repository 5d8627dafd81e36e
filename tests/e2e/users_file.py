"""Users files of `wsluice passwd` and of other programs, and requests with a password."""
import base64
import subprocess

import pytest
from lab import BINARY, run


def demand_crypt():
    if 'crypt(3)' in run('passwd', '/nowhere/users', 'ann')[2]:
        pytest.skip('this build cannot hash passwords')


def crypted(password, setting):
    """By another program over the same crypt(3)."""
    command = ['perl', '-e', 'print crypt($ARGV[0], $ARGV[1])', password, setting]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=20).stdout


def write_users(file, text):
    """As an editor does: a new file in place of the old one."""
    fresh = file.with_name('users.new')
    fresh.write_text(text)
    fresh.rename(file)


def passwd(file, name, word, *options, binary=BINARY, **how):
    """`wsluice passwd` with the password as its input: (status, stdout, stderr)."""
    done = subprocess.run([binary, 'passwd', *options, file, name], input=word + '\n', capture_output=True, text=True,
                          timeout=20, check=False, **how)
    return done.returncode, done.stdout, done.stderr


def set_password(file, name, word, *options):
    """What the command says about it."""
    status, out, error = passwd(file, name, word, *options)
    assert status == 0, error
    return out


def credentials(user, word):
    return {'Authorization': 'Basic ' + base64.b64encode(f'{user}:{word}'.encode()).decode()}
