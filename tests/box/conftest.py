"""Tests of the image, the static build, and everything in contrib/."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))

import container  # noqa: E402
from suite import certs, demand_binary, lab  # noqa: E402, F401


def pytest_configure(config):
    config.addinivalue_line('markers', 'slow: runs with tests/run.sh --all, in the gates recipes and debian')
    demand_binary()


@pytest.fixture(scope='session', name='image')
def fixture_image():
    """Builds the image; its configuration."""
    container.build()
    return container.describe()
