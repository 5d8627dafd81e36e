import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from lab import is_sanitized  # noqa: E402
from suite import certs, demand_binary, end_after, lab, own_process, preloads, short_folder, users  # noqa: E402, F401

pytest_runtest_protocol = end_after(120)


def pytest_configure(config):
    config.addinivalue_line('markers', 'release_only: large or slow, or counts memory: not under sanitizers')
    config.addinivalue_line('markers', 'limit(seconds): it may take longer than others')
    config.addinivalue_line('markers', 'threads: several threads at work: run under ThreadSanitizer as well')
    demand_binary()


@pytest.fixture(scope='session')
def sanitized():
    return is_sanitized()
