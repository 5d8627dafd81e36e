"""Real Redis servers for tests, on ports of their own or on Unix sockets."""
import contextlib
import os
import shutil
import signal
import subprocess

import pytest
import redis
from ports import free_port
from wire import WAIT, until

needs_redis = pytest.mark.skipif(not shutil.which('redis-server'), reason='needs redis-server')


class RedisServer:
    """A redis-server that can be stopped, paused and started again in the same place. `tls`: certificate, key and CA."""

    def __init__(self, folder, *options, tls=None, password=None):
        self.folder, self.options, self.password = folder, options, password
        self.port, self.tls, self.process = free_port(), tls, None
        self.socket = folder / f'redis-{self.port}.sock'

    def start(self):
        ports = ['--port', self.port]
        if self.tls:
            chain, key, ca = self.tls
            ports = ['--port', 0, '--tls-port', self.port, '--tls-cert-file', chain, '--tls-key-file', key,
                     '--tls-ca-cert-file', ca]
        log = open(self.folder / 'redis.log', 'ab')  # pylint: disable=consider-using-with
        with log:
            self.process = subprocess.Popen(
                ['redis-server', *map(str, ports), '--bind', '127.0.0.1', '--unixsocket', str(self.socket), '--save', '',
                 '--dir', str(self.folder), *map(str, self.options)], stdout=log, stderr=log)
        until(self.answers, 'redis-server answers')
        return self

    def client(self):
        return redis.Redis(unix_socket_path=str(self.socket), password=self.password, socket_timeout=WAIT)

    def answers(self):
        with contextlib.suppress(redis.RedisError, OSError):
            return self.client().ping()
        return False

    def set(self, **keys):
        with self.client() as client:
            for key, value in keys.items():
                client.set(key, value)

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self, how=signal.SIGKILL):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(WAIT)
            self.process = None

    def connections(self):
        """Of wsluice: all but that of this question."""
        with self.client() as client:
            return len(client.client_list()) - 1
