"""Tests of the image, the static build, and everything in contrib/."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))

import chroot  # noqa: E402
import container  # noqa: E402
from suite import certs, demand_binary, lab  # noqa: E402, F401


def pytest_configure(config):
    config.addinivalue_line('markers', 'slow: runs with tests/run.sh --all, in the gate recipes')
    config.addinivalue_line('markers', 'release_only: of a module of tests/e2e that lends its fixtures')
    config.addinivalue_line('markers', 'debian: runs with tests/run.sh --all, in the gate debian')
    demand_binary()


@pytest.fixture(scope='session', name='image')
def fixture_image():
    """Builds the image; its configuration."""
    container.build()
    return container.describe()


# netbase has the names of ports. A minimal Debian comes without /etc/hosts, which installers and container engines write.
BUILD_TOOLS = ('build-essential', 'cmake', 'file', 'libcmocka-dev', 'libhiredis-dev', 'libjansson-dev', 'libseccomp-dev', 'libssl-dev', 'libuv1-dev',
               'libyaml-dev', 'netbase', 'ninja-build', 'openssl', 'pkg-config', 'procps', 'python3-pytest', 'python3-pytest-xdist',
               'python3-websockets', 'python3-yaml', 'util-linux')


@pytest.fixture(scope='session')
def built(tmp_path_factory):
    """A function that returns a Debian with this tree built in /build and its packages in /debs."""
    machines = {}

    def build(suite):
        if suite not in machines:
            tools = chroot.Chroot.prepared('tools', suite, 'apt-get -q update; apt-get -q -y install --no-install-recommends '
                                           f'{" ".join(BUILD_TOOLS)}; apt-get clean; '
                                           'printf "127.0.0.1 localhost\\n::1 localhost\\n" >/etc/hosts')
            machine = machines[suite] = tools.above(tmp_path_factory.mktemp(suite))
            machine.give_tree('/src')
            machine.run('sh', '-ec', 'cmake -S /src -B /build -G Ninja -DCMAKE_C_FLAGS=-Werror -DCMAKE_BUILD_TYPE=Release '
                        '-DWSLUICE_TESTS=ON -DWSLUICE_WEBSOCKIFY_NAME=ON; cmake --build /build; cd /build; '
                        'cpack -G DEB -B /debs')
        return machines[suite]
    yield build
    for machine in machines.values():
        machine.remove()
