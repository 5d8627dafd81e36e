import os
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'e2e')]

from certs import Certs  # noqa: E402
from chromium import Browser  # noqa: E402
from desktop import Desktop  # noqa: E402
from lab import BINARY, Lab  # noqa: E402

TEST_SECONDS = 90


def pytest_configure(config):
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
def browser():
    chromium = Browser()
    yield chromium
    chromium.close()


@pytest.fixture
def tab(browser, lab):
    """Opens pages. They close before the bridges, which must then have no client left."""
    pages = []

    def open_page(**options):
        pages.append(browser.page(**options))
        return pages[-1]
    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope='session')
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp('certs'))


@pytest.fixture(scope='session')
def desktops(tmp_path_factory):
    """Two, that differ in their colour."""
    pair = [Desktop(tmp_path_factory.mktemp('desktop'), colour) for colour in ((32, 96, 160), (176, 64, 24))]
    yield pair
    for desktop in pair:
        desktop.close()


@pytest.fixture
def lab(tmp_path):
    laboratory = Lab(tmp_path)
    yield laboratory
    laboratory.close()
