import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from certs import Certs  # noqa: E402
from lab import BINARY, Lab, is_sanitized  # noqa: E402

TEST_SECONDS = 120


def pytest_configure(config):
    config.addinivalue_line('markers', 'release_only: large or slow, or counts memory: not under sanitizers')
    config.addinivalue_line('markers', 'threads: several threads at work: run under ThreadSanitizer as well')
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f'{BINARY} is not there: build it, or point WSLUICE to it', returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """No test hangs the run."""
    def give_up(*_):
        raise TimeoutError(f'{item.nodeid} took more than {TEST_SECONDS} s')
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.fixture(scope='session')
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp('certs'))


@pytest.fixture(scope='session')
def sanitized():
    return is_sanitized()


@pytest.fixture
def lab(tmp_path):
    laboratory = Lab(tmp_path)
    yield laboratory
    laboratory.close()
