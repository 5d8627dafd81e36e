"""OpenSSH through `wsluice connect` and a gateway with TLS, with a file larger than any buffer on the way."""
import pytest
from test_ssh import copies_both_ways, fixture_ssh, fixture_sshd  # noqa: F401

pytestmark = pytest.mark.slow


@pytest.mark.parametrize('ssh', ['wss'], indirect=True)
def test_a_gibibyte_both_ways(ssh, tmp_path):
    copies_both_ways(ssh, tmp_path, 1 << 30, 600)
