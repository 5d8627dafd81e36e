"""Common to all suites that start bridges: the binary, an end to each test, certificates, a lab."""
import os
import pathlib
import signal
import tempfile

import pytest
from certs import Certs
from lab import BINARY, Lab, loads_our_libraries
from users_file import crypted, demand_crypt, write_users


def demand_binary():
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f'{BINARY} is not there: build it, or point WSLUICE to it', returncode=2)


def end_after(seconds):
    """The hook of a conftest: no test hangs the run. A test that builds has more: its mark is limit(SECONDS)."""
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(item):
        own = item.get_closest_marker('limit')
        limit = own.args[0] if own else seconds

        def give_up(*_):
            raise TimeoutError(f'{item.nodeid} took more than {limit} s')
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(limit)
        yield
        signal.alarm(0)
    return pytest_runtest_protocol


@pytest.fixture(scope='session')
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp('certs'))


@pytest.fixture
def preloads():
    """For tests that load a library into wsluice."""
    if not loads_our_libraries():
        pytest.skip('this binary loads no library of ours: it is static, or for another machine')


@pytest.fixture
def own_process():
    """For tests that ask /proc about the process."""
    if 'WSLUICE_EMULATED' in os.environ:
        pytest.skip(f'the process is that of {os.environ["WSLUICE_EMULATED"]}, and so are its program and its memory')


@pytest.fixture
def lab(tmp_path):
    laboratory = Lab(tmp_path)
    yield laboratory
    laboratory.close()


@pytest.fixture
def short_folder():
    """A folder whose path leaves room for the names of sockets."""
    with tempfile.TemporaryDirectory(prefix='wsluice-') as folder:
        yield pathlib.Path(folder)


@pytest.fixture
def users(lab):
    """A users file with two users."""
    demand_crypt()
    file = lab.folder / 'users'
    write_users(file, '# of the desks\n'
                f'ann:{crypted("sesame", "$6$rounds=1000$abcdefgh")}\n'
                f'bob:{crypted("p:ä", "$5$rounds=1000$abcdefgh")}\n')
    return file
