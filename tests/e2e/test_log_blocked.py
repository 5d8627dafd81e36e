"""Nobody takes what the process says: a terminal after Ctrl-S, or one that nobody reads. Clients do not notice."""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import termios

import pytest
from gateway import Endpoint
from lab import BINARY as WSLUICE
from targets import echo
from wire import WAIT, until

pytestmark = pytest.mark.threads

SESSIONS = 40


class Terminal:
    """A pseudo terminal, read by nobody but `lines`."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.text = ''

    def listen(self):
        with contextlib.suppress(OSError):
            while select.select([self.master], [], [], 0.01)[0]:
                self.text += os.read(self.master, 4096).decode()
        return self.text

    def stop(self):
        termios.tcflow(self.slave, termios.TCOOFF)

    def resume(self):
        termios.tcflow(self.slave, termios.TCOON)


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    terminal.resume()
    os.close(terminal.slave)
    os.close(terminal.master)


def start(lab, terminal, *arguments, stdout=subprocess.DEVNULL):
    process = lab.spawn(WSLUICE, *arguments, '127.0.0.1:0', f'127.0.0.1:{lab.target(echo).port}',
                        stdin=subprocess.DEVNULL, stdout=stdout, stderr=terminal.slave)
    found = until(lambda: re.search(r'listening on (\S+)', terminal.listen()), lambda: terminal.text)
    return process, Endpoint(found.group(1))


def use(lab, endpoint):
    """More sessions than a terminal has room for lines, each with a line of its own."""
    for _ in range(SESSIONS):
        client = lab.open(endpoint)
        assert client.binary(b'x').data(1) == b'x'
        client.bye()


@pytest.mark.parametrize('workers', [1, 2])
def test_a_stopped_terminal(lab, terminal, workers):
    process, endpoint = start(lab, terminal, f'--workers={workers}')
    terminal.stop()
    use(lab, endpoint)
    terminal.resume()
    until(lambda: terminal.listen().count('reason=client_closed') == SESSIONS, lambda: terminal.text)
    terminal.stop()
    use(lab, endpoint)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0, 'the terminal is stopped all the while'


def test_a_terminal_that_nobody_reads(lab, terminal):
    process, endpoint = start(lab, terminal)
    use(lab, endpoint)
    use(lab, endpoint)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0


def test_marks_on_a_stopped_terminal(lab, terminal):
    process, endpoint = start(lab, terminal, '--traffic', stdout=terminal.slave)
    terminal.stop()
    use(lab, endpoint)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0


def test_the_last_lines(lab, terminal):
    """The last lines are written before the process ends."""
    process, endpoint = start(lab, terminal)
    client = lab.open(endpoint)
    process.send_signal(signal.SIGTERM)
    assert client.close_code() == 1001
    client.hang_up()
    until(lambda: terminal.listen() and process.poll() is not None, 'the end')
    assert process.returncode == 0
    assert 'reason=shutdown' in terminal.listen() and ' stopped ' in terminal.listen()


def test_the_log_may_be_moved_while_a_terminal_is_stopped(lab, terminal):
    """SIGUSR1 and SIGHUP come to nothing that waits."""
    process, endpoint = start(lab, terminal)
    terminal.stop()
    use(lab, endpoint)
    process.send_signal(signal.SIGUSR1)
    process.send_signal(signal.SIGHUP)
    use(lab, endpoint)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0
