"""The command line: websockify's grammar and exit codes, with better errors."""
import re
import socket
import subprocess

import pytest
from lab import BINARY, WAIT, run
from targets import refusing_port

OPTIONS = ('--unix-target', '--unix-listen', '--unix-listen-mode', '--cert', '--key', '--key-password', '--ssl-only',
           '--ssl-version', '--ssl-ciphers', '--verify-client', '--cafile', '--ssl-target', '--heartbeat', '--workers',
           '--log-file', '--version', '--help', '--connect', '--handshake-timeout', '--close-timeout',
           '--drain-timeout', '--connect-timeout', '--log-format', '--text')


@pytest.mark.parametrize('option', ['--help', '-h'])
def test_help(option):
    status, out, error = run(option)
    assert (status, error) == (0, '')
    for name in OPTIONS:
        assert name in out, f'{name} is not in the help'
    assert 'demo' in out


def test_version():
    status, out, error = run('--version')
    assert (status, error) == (0, '')
    assert re.match(r'wsluice \d+\.\d+\.\d+', out)


@pytest.mark.parametrize('arguments', [['--help'], ['schema'], ['help-config'], ['man'], ['completion', 'bash'],
                                       ['--print-config', '6080', 'localhost:5900']], ids=' '.join)
def test_output_that_cannot_be_written(arguments):
    """A disk that is full must not leave half a file behind a status of 0."""
    with open('/dev/full', 'wb') as full:
        result = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=WAIT, check=False)
    assert result.returncode == 1
    assert result.stderr == 'wsluice: error: cannot write the output; is the disk full?\n'


WRONG = {
    'nothing': [],
    'no target': ['6080'],
    'too many': ['6080', 'localhost:5900', 'more'],
    'a target without a port': ['6080', 'localhost'],
    'a target port that is none': ['6080', 'localhost:vnc!'],
    'a target port out of range': ['6080', 'localhost:65536'],
    'a listen port that is none': ['http!', 'localhost:5900'],
    'a listen port out of range': ['65536', 'localhost:5900'],
    'a negative port': ['127.0.0.1:-1', 'localhost:5900'],
    'an empty port': ['127.0.0.1:', 'localhost:5900'],
    'two targets': ['--unix-target=/tmp/x', '6080', 'localhost:5900'],
    'two listeners': ['--unix-listen=/tmp/x', '6080', 'localhost:5900'],
    'an unknown option': ['--colour', '6080', 'localhost:5900'],
    'an unknown letter': ['-Z', '6080', 'localhost:5900'],
    'an ambiguous prefix': ['--ssl', '6080', 'localhost:5900'],
    'a value missing': ['6080', 'localhost:5900', '--cert'],
    'a value too many': ['--ssl-only=yes', '6080', 'localhost:5900'],
    'workers that are no number': ['--workers=some', '6080', 'localhost:5900'],
    'a negative number': ['--heartbeat=-1', '6080', 'localhost:5900'],
    'a duration that is none': ['--close-timeout=soon', '6080', 'localhost:5900'],
    'a duration with a wrong unit': ['--close-timeout=5parsecs', '6080', 'localhost:5900'],
    'a mode that is none': ['--unix-listen=/tmp/x', '--unix-listen-mode=rw', 'localhost:5900'],
    'an unknown TLS version': ['--ssl-version=sslv3', '6080', 'localhost:5900'],
    'an unknown log format': ['--log-format=xml', '6080', 'localhost:5900'],
    'an unknown way to connect': ['--connect=later', '6080', 'localhost:5900'],
    'an unknown way with text': ['--text=maybe', '6080', 'localhost:5900'],
}


@pytest.mark.parametrize('arguments', WRONG.values(), ids=WRONG.keys())
def test_wrong_usage(arguments):
    status, out, error = run(*arguments)
    assert status == 2, error
    assert out == ''
    assert 'error:' in error
    assert 'usage' in error.lower() or '--help' in error


def test_an_unknown_option_names_the_nearest():
    _, _, error = run('--log-fiel=x', '6080', 'localhost:5900')
    assert '--log-fiel' in error and '--log-file' in error


def test_an_ambiguous_prefix_names_the_candidates():
    _, _, error = run('--ssl', '6080', 'localhost:5900')
    assert '--ssl-only' in error and '--ssl-target' in error


@pytest.mark.parametrize('shape', [
    ['127.0.0.1:0', 'TARGET', '--heartbeat', '5'],
    ['--heartbeat=5', '127.0.0.1:0', 'TARGET'],
    ['127.0.0.1:0', '--heartbeat', '5', 'TARGET', '--log-format=text'],
    ['--heartb=5', '127.0.0.1:0', 'TARGET'],
    ['--workers=7', '127.0.0.1:0', 'TARGET', '--workers', '1'],
    ['-v', '-6', '127.0.0.1:0', 'TARGET'],
    ['-v6', '127.0.0.1:0', 'TARGET'],
    ['--verbose', '--prefer-ipv6', '127.0.0.1:0', 'TARGET'],
    ['--close-timeout=250ms', '--drain-timeout=2s', '--connect-timeout=1m', '127.0.0.1:0', 'TARGET'],
], ids=lambda shape: ' '.join(shape))
def test_shapes(lab, shape):
    target = lab.target()
    bridge = lab.start(*(f'127.0.0.1:{target.port}' if word == 'TARGET' else word for word in shape))
    assert lab.open(bridge).binary(b'x').data(1) == b'x'


@pytest.mark.parametrize('listen', ['0', ':0', '0.0.0.0:0', 'localhost:0'])
def test_listen_addresses(lab, listen):
    bridge = lab.start(target=lab.target(), listen=listen)
    with socket.create_connection(('127.0.0.1', bridge.port), 5):
        pass


def test_last_one_wins(lab, tmp_path):
    bridge = lab.start(target=lab.target(), options=('--log-format=json', '--log-format=text'))
    assert not bridge.lines[0].startswith('{')


# ---- one clear line, status not 0 ----

def one_line(arguments, *words, status=None):
    code, out, error = run(*arguments)
    assert code != 0 and (status is None or code == status), error
    assert out == ''
    lines = [line for line in error.splitlines() if any(word in line for word in words)]
    assert lines, error
    assert all(word in lines[0] for word in words), error
    return error


def test_port_in_use():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        address = '%s:%d' % taken.getsockname()
        one_line([address, 'localhost:9'], address, 'in use')


def test_listen_address_that_is_not_ours():
    one_line(['192.0.2.1:6080', 'localhost:9'], '192.0.2.1')


def test_listen_name_that_does_not_resolve():
    one_line(['no-such-host.invalid:6080', 'localhost:9'], 'no-such-host.invalid')


def test_missing_certificate(tmp_path):
    one_line([f'--cert={tmp_path}/none.pem', '127.0.0.1:0', 'localhost:9'], f'{tmp_path}/none.pem')


def test_tls_only_without_a_certificate(tmp_path):
    code, _, error = run('--ssl-only', '127.0.0.1:0', 'localhost:9', cwd=tmp_path)
    assert code != 0 and 'cert' in error.lower()


def test_missing_key(certs, tmp_path):
    one_line([f'--cert={certs.ec}', f'--key={tmp_path}/none.key', '127.0.0.1:0', 'localhost:9'], 'none.key')


def test_certificate_without_a_key(certs):
    one_line([f'--cert={certs.ec}', '127.0.0.1:0', 'localhost:9'], certs.ec, 'key')


def test_a_certificate_that_is_none(tmp_path):
    path = tmp_path / 'not.pem'
    path.write_text('not a certificate\n')
    one_line([f'--cert={path}', '127.0.0.1:0', 'localhost:9'], str(path))


def test_a_key_of_another_certificate(certs):
    one_line([f'--cert={certs.ec}', f'--key={certs.other_key}', '127.0.0.1:0', 'localhost:9'], certs.other_key)


@pytest.mark.parametrize('options', [(), ('--key-password=wrong',)])
def test_a_key_with_another_password(certs, options):
    key = certs.encrypted_key('sesame')
    error = one_line([f'--cert={certs.ec}', f'--key={key}', *options, '127.0.0.1:0', 'localhost:9'], key)
    assert 'wrong' not in error.replace('wrong password', '')


def test_a_ca_that_is_not_there(certs, tmp_path):
    one_line([f'--cert={certs.ec}', f'--key={certs.ec_key}', '--verify-client', f'--cafile={tmp_path}/none.pem',
              '127.0.0.1:0', 'localhost:9'], f'{tmp_path}/none.pem')


def test_ciphers_that_do_not_exist(certs):
    one_line([f'--cert={certs.ec}', f'--key={certs.ec_key}', '--ssl-ciphers=ROT13', '127.0.0.1:0', 'localhost:9'],
             'ROT13')


def test_a_log_file_that_cannot_be_written(tmp_path):
    one_line([f'--log-file={tmp_path}/none/x.log', '127.0.0.1:0', 'localhost:9'], f'{tmp_path}/none/x.log')


def test_a_listener_path_that_is_too_long():
    one_line(['--unix-listen=/tmp/' + 'x' * 200, 'localhost:9'], 'long')


def test_a_dead_target_does_not_keep_the_bridge_from_starting(lab):
    with refusing_port() as nobody:
        bridge = lab.start(target=f'127.0.0.1:{nobody.getsockname()[1]}')
        assert bridge.process.poll() is None
