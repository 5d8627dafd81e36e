"""The image of the Dockerfile: metadata, content, start, a session, health check, drain."""
import json
import pathlib
import re

import container
import pytest
from lab import ROOT
from processes import status_of
from wire import until

MIB = 1 << 20
NOBODY = '65532'
CMAKE = (ROOT / 'CMakeLists.txt').read_text()


@pytest.fixture(name='box')
def fixture_box(image):
    box = container.Container(image)
    yield box
    box.remove()


def works(lab, endpoint):
    client = lab.open(endpoint)
    assert client.binary(b'through the box').data(15) == b'through the box'
    return client


def test_metadata(image):
    config, version = image, re.search(r'^project\(wsluice VERSION (\S+)', CMAKE, re.MULTILINE).group(1)
    assert config['User'] == f'{NOBODY}:{NOBODY}' and config['StopSignal'] == 'SIGTERM'
    assert config['Entrypoint'] == ['/usr/bin/wsluice'] and not config['Cmd']
    assert config['Healthcheck']['Test'] == ['CMD', '/usr/bin/wsluice', 'health']
    labels = {key.removeprefix('org.opencontainers.image.'): value for key, value in config['Labels'].items()}
    assert labels['version'] == version and labels['licenses'] == 'MIT' and labels['title'] == 'wsluice'


def test_size_and_content(image):
    name = container.buildah('from', '--pull-never', container.IMAGE)
    try:
        root = pathlib.Path(container.buildah('mount', name))
        files = {str(path.relative_to(root)): path.lstat().st_size for path in root.rglob('*') if not path.is_dir()}
    finally:
        container.buildah('rm', name)
    print(f'image: {sum(files.values()) / 1e6:.1f} MB, of which the program is {files["usr/bin/wsluice"] / 1e6:.1f}')
    assert set(files) == {'usr/bin/wsluice', 'usr/bin/websockify', 'etc/passwd', 'etc/group',
                          'etc/ssl/certs/ca-certificates.crt', 'usr/share/doc/wsluice/copyright'}
    assert sum(files.values()) <= 15e6


def test_arguments_are_the_command_line(lab, box):
    target = lab.target()
    endpoint = box.start('127.0.0.1:0', f'127.0.0.1:{target.port}').endpoint()
    client = works(lab, endpoint)
    status = status_of(box.pid)
    assert status['Uid'] == [NOBODY] * 4 and status['Gid'] == [NOBODY] * 4
    client.bye()
    assert status_of(box.pid)['CapEff'] == ['0' * 16]


def test_variables_are_enough(lab, box):
    target = lab.target()
    options = ('--env', f'WSLUICE_TARGET=127.0.0.1:{target.port}', '--env', 'WSLUICE_LISTEN=127.0.0.1:0',
               '--env', 'WSLUICE_LOG_FORMAT=json')
    works(lab, box.start(options=options).endpoint()).bye()
    until(lambda: any('"session"' in line for line in box.lines), lambda: box.lines)
    assert all(json.loads(line) for line in box.lines)


def test_reads_the_configuration_file(lab, box):
    target = lab.target()
    file = lab.folder / 'wsluice.yaml'
    file.write_text(f'listeners: ["127.0.0.1:0"]\nroutes: [{{path: /, target: "tcp://127.0.0.1:{target.port}"}}]\n')
    works(lab, box.start(options=('--volume', f'{file}:/etc/wsluice/wsluice.yaml:ro')).endpoint()).bye()


def test_reports_a_missing_configuration(box):
    box.start()
    assert box.wait() == 1
    said = '\n'.join(box.lines)
    assert '/etc/wsluice/wsluice.yaml' in said and 'set WSLUICE_TARGET' in said


def test_drains(lab, box):
    target = lab.target()
    endpoint = box.start('127.0.0.1:0', f'127.0.0.1:{target.port}').endpoint()
    client = works(lab, endpoint)
    box.stop()
    assert client.end()[1] == 1001
    assert box.wait() == 0, box.lines


def test_health_check(lab, box):
    """A health check shares a volume with its container; two runs of buildah share a folder instead."""
    target, shared = lab.target(), lab.folder / 'run'
    shared.mkdir()
    container.call(*container.AS_ROOT, 'chown', f'{NOBODY}:{NOBODY}', shared)
    where, health = ('--volume', f'{shared}:/run/wsluice'), box.config['Healthcheck']['Test'][1:]
    status, _ = box.run(*health, options=where)
    assert status == 1, 'nothing runs yet'
    endpoint = box.start('127.0.0.1:0', f'127.0.0.1:{target.port}', options=where).endpoint()
    status, said = box.run(*health, options=where)
    assert status == 0, said
    client = works(lab, endpoint)
    box.stop()
    until(lambda: box.run(*health, options=where)[0] == 1, 'who drains is not ready')
    client.end()
    assert box.wait() == 0


def test_an_idle_sidecar_is_small(lab, box):
    target = lab.target()
    endpoint = box.start('127.0.0.1:0', f'127.0.0.1:{target.port}').endpoint()
    works(lab, endpoint).bye()
    resident = int(status_of(box.pid)['VmRSS'][0]) * 1024
    print(f'idle sidecar: {resident / MIB:.1f} MiB')
    assert resident <= 6 * MIB
