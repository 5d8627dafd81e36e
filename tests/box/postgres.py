"""Debian's PostgreSQL with a user, a password and a database; it refuses to run as root."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

from wire import until


def programs():
    found = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin'), key=lambda path: int(path.parent.name))
    assert found, 'Debian\'s package postgresql is not installed'
    return found[-1]


class Postgres:
    def __init__(self, lab, port, user, password, database):
        self.port, self.programs = port, programs()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='wsluice-pg-'))
        self.how = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam('postgres')
            self.how = {'user': account.pw_uid, 'group': account.pw_gid, 'extra_groups': []}
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        secret = self.folder / 'password'
        secret.write_text(password)
        secret.chmod(0o644)
        subprocess.run([self.programs / 'initdb', '-D', self.folder / 'data', '-U', user, '-A', 'scram-sha-256',
                        f'--pwfile={secret}', '-E', 'UTF8', '--locale=C', '--no-sync'], check=True,
                       capture_output=True, cwd=self.folder, **self.how)
        self.log = (self.folder / 'log').open('w')
        self.process = lab.spawn(str(self.programs / 'postgres'), '-D', str(self.folder / 'data'), '-p', str(port),
                                 '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off', stdout=self.log, stderr=self.log,
                                 stdin=subprocess.DEVNULL, cwd=self.folder, **self.how)
        environment = {**os.environ, 'PGPASSWORD': password}

        def made():
            return subprocess.run([self.programs / 'createdb', '-h', '127.0.0.1', '-p', str(port), '-U', user, database],
                                  env=environment, capture_output=True, cwd=self.folder, check=False).returncode == 0
        until(self.listens, lambda: (self.folder / 'log').read_text())
        until(made, lambda: (self.folder / 'log').read_text())

    def listens(self):
        with socket.socket() as sock:
            return sock.connect_ex(('127.0.0.1', self.port)) == 0

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
        shutil.rmtree(self.folder)
