import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'e2e'), str(HERE.parent / 'box')]

from chromium import Browser  # noqa: E402
from desktop import Desktop  # noqa: E402
from shells import Sshd, User, build, serve  # noqa: E402
from suite import certs, demand_binary, end_after, lab, users  # noqa: E402, F401

pytest_runtest_protocol = end_after(90)


def pytest_configure(config):
    config.addinivalue_line('markers', 'slow: runs with tests/run.sh --all, in the gate recipes')
    config.addinivalue_line('markers', 'limit(seconds): a test that may take longer than others')
    demand_binary()


@pytest.fixture(scope='session')
def browser():
    chromium = Browser()
    yield chromium
    chromium.close()


@pytest.fixture
def tab(browser, lab):
    """Opens pages. They close before the bridges, which then must have no clients."""
    pages = []

    def open_page(**options):
        pages.append(browser.page(**options))
        return pages[-1]
    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope='session')
def desktops(tmp_path_factory):
    """Two desktops of different colours."""
    pair = [Desktop(tmp_path_factory.mktemp('desktop'), colour) for colour in ((32, 96, 160), (176, 64, 24))]
    yield pair
    for desktop in pair:
        desktop.close()


@pytest.fixture(scope='session')
def built(tmp_path_factory):
    """The page of contrib/ssh."""
    return build(tmp_path_factory.mktemp('page'))


@pytest.fixture(scope='session')
def sshd():
    server = Sshd()
    yield server
    server.close()


@pytest.fixture
def bridge(lab, built, sshd):
    """Serves the page in front of the sshd."""
    return serve(lab, built, sshd)


@pytest.fixture
def user(bridge, tab):
    return User(tab(viewport={'width': 1280, 'height': 800}), f'http://127.0.0.1:{bridge.port}').visit()
