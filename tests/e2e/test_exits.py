"""How the process begins and ends when its surroundings are not as they should be."""
import os
import signal
import subprocess
import time

import pytest
from lab import BINARY
from wire import until


def close_standard_descriptors():
    for number in range(3):
        os.close(number)


# ---- started with standard input, output and error closed ----

@pytest.mark.parametrize('workers', [1, 2])
def test_closed_standard_descriptors(lab, workers, tmp_path):
    """A log line must not end up in a socket or in one of libuv's pipes that got the number 2."""
    target, path = lab.target(), tmp_path / 'bridge.sock'
    process = lab.spawn(BINARY, f'--workers={workers}', f'--unix-listen={path}', f'127.0.0.1:{target.port}',
                        close_fds=False, preexec_fn=close_standard_descriptors)
    until(path.exists, 'the socket')
    names = [os.readlink(f'/proc/{process.pid}/fd/{number}') for number in range(3)]
    assert names == ['/dev/null'] * 3
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_daemon_with_closed_standard_descriptors(tmp_path):
    path = tmp_path / 'bridge.sock'
    launcher = subprocess.Popen([BINARY, '-D', f'--unix-listen={path}', '127.0.0.1:1'], close_fds=False,
                                preexec_fn=close_standard_descriptors)
    assert launcher.wait(10) == 0
    assert path.exists()
    found = subprocess.run(['pgrep', '-f', f'unix-listen={path}'], capture_output=True, text=True, check=True)
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGTERM)
    until(lambda: not path.exists(), 'the end of the background process')
