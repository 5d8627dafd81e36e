"""What goes around the program: its image, its static build, and everything in contrib/."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))

import container  # noqa: E402
from certs import Certs  # noqa: E402
from lab import BINARY, Lab  # noqa: E402


def pytest_configure():
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f'{BINARY} is not there: build it, or point WSLUICE to it', returncode=2)


@pytest.fixture(scope='session')
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp('certs'))


@pytest.fixture
def lab(tmp_path):
    laboratory = Lab(tmp_path)
    yield laboratory
    laboratory.close()


@pytest.fixture(scope='session', name='image')
def fixture_image():
    """The configuration of the image, which is built for it."""
    container.build()
    return container.describe()
