"""A configuration that is changed, rotated and broken under the sessions that it serves."""
import os
import pathlib
import shutil
import signal
import socket
import time

import gateway
import pytest
from gateway import ANY, DONE, FAILED, Endpoint, ask, marked, samples, start, write
from ports import free_port
from processes import listening_inodes
from traffic import Traffic
from wire import request, time_passes, until

pytestmark = pytest.mark.threads

RENEWED = 'the certificates were read again and are in use'


def reload(bridge, config=None, *, done=True):
    """As gateway.reload, with a text as well."""
    if isinstance(config, str):
        bridge.file.write_text(config)
        config = None
    gateway.reload(bridge, config, done=done)
    bridge.baseline = None  # listeners may have come and gone


def changed(bridge, **parts):
    return {**bridge.config, **parts}


def works(lab, endpoint, path='/', **how):
    client = lab.open(endpoint, upgrade={'path': path}, **how)
    assert client.binary(b'works').data(5) == b'works'
    client.bye()


# ---- a good file ----

def test_new_clients_get_the_new_file_and_old_sessions_keep_theirs(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/', echo, 'before', idle_timeout='1h')])
    old = lab.open(bridge)
    reload(bridge, changed(bridge, routes=[marked('/', echo, 'after'), marked('/more', echo)]))
    assert ask(lab, bridge).fields['x-route'] == 'after'
    assert ask(lab, bridge, '/more').fields['x-route'] == '/more'
    reload(bridge, changed(bridge, routes=[marked('/more', echo)]))
    assert ask(lab, bridge).status == 404
    assert old.binary(b'still here').data(10) == b'still here'
    old.bye()
    bridge.session(route='/', reason='client_closed')


def test_listeners_come_go_and_stay(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/', echo)], [{'address': ANY}, {'address': f'127.0.0.1:{free_port()}'}], sandbox='off')
    free, going = bridge.endpoints
    socket_of_free = listening_inodes(bridge.pid)[free.port]
    session = lab.open(going)
    coming, path = Endpoint(f'127.0.0.1:{free_port()}'), lab.folder / 'coming.sock'
    reload(bridge, changed(bridge, listeners=[{'address': coming.address}, {'address': ANY, 'backlog': 100},
                                              {'address': f'unix:{path}'}]))
    assert listening_inodes(bridge.pid) == {free.port: socket_of_free,
                                            coming.port: listening_inodes(bridge.pid)[coming.port]}
    for endpoint in (free, coming, Endpoint(f'unix:{path}')):
        works(lab, endpoint)
    with pytest.raises(ConnectionRefusedError):
        lab.connect(going)
    bridge.says(f'no longer listening on {going.address}')
    session.binary(b'x').data(1)
    session.bye()
    reload(bridge, bridge.config)
    assert not path.exists()
    works(lab, going)
    with pytest.raises(ConnectionRefusedError):
        lab.connect(coming)


def test_an_address_that_is_only_written_differently_keeps_its_socket(lab):
    port = free_port()
    bridge = start(lab, [marked('/', lab.target())], [{'address': f'localhost:{port}'}])
    before = listening_inodes(bridge.pid)
    reload(bridge, changed(bridge, listeners=[{'address': f'127.0.0.1:{port}'}]))
    assert listening_inodes(bridge.pid) == before


def test_nobody_in_a_backlog_is_lost(lab):
    """The kernel takes clients while the process stands still; one listener is gone when it moves again."""
    echo = lab.target()
    bridge = start(lab, [marked('/', echo)], [{'address': ANY}, {'address': ANY}])
    staying, going = bridge.endpoints
    bridge.signal(signal.SIGSTOP)
    clients = [lab.connect(endpoint).send(request()) for _ in range(150) for endpoint in (staying, going)]
    write(bridge.file, changed(bridge, listeners=[{'address': ANY}]))
    bridge.signal(signal.SIGHUP)
    bridge.signal(signal.SIGCONT)
    for client in clients:
        assert client.answer().status == 101
        client.binary(b'x').data(1)
    until(lambda: DONE in bridge.text, bridge.text)
    for client in clients:
        client.bye()
    bridge.baseline = None


def test_a_unix_listener_stays(lab):
    path = lab.folder / 'listener.sock'
    bridge = start(lab, [marked('/', lab.target())], [{'address': f'unix:{path}'}, {'address': ANY}])
    inode = path.stat().st_ino
    reload(bridge, changed(bridge, listeners=[{'address': ANY}, {'address': f'unix:{path}', 'socket_mode': '0666'}]))
    assert path.stat().st_ino == inode
    assert path.stat().st_mode & 0o777 == 0o666
    works(lab, Endpoint(f'unix:{path}'))


def test_the_log_changes(lab):
    bridge = start(lab, [marked('/', lab.target())])
    reload(bridge, changed(bridge, log={'format': 'json'}))
    works(lab, bridge)
    assert bridge.session(route='/')['event'] == 'session'
    assert bridge.lines[-1].startswith('{')


def test_what_needs_a_restart_is_named(lab):
    bridge = start(lab, [marked('/', lab.target())])
    reload(bridge, changed(bridge, workers=1, user='nobody'))
    for option in ('workers', 'user'):
        assert any(option in line and 'restart' in line for line in bridge.lines), bridge.text


def test_many_signals_at_once(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/', echo)])
    for _ in range(300):
        bridge.signal(signal.SIGHUP)
    write(bridge.file, changed(bridge, routes=[marked('/', echo, 'last')]))
    bridge.signal(signal.SIGHUP)
    until(lambda: ask(lab, bridge).fields.get('x-route') == 'last', lambda: bridge.text[-2000:])


# ---- a bad file ----

def test_a_bad_file_changes_nothing(lab):
    echo = lab.target()
    port = free_port()
    bridge = start(lab, [marked('/', echo)])
    session = lab.open(bridge)
    reload(bridge, f'''listeners:
  - address: "127.0.0.1:{port}"
    bakclog: 7
routes:
  - {{path: nowhere, target: "tcp://127.0.0.1:1"}}
''', done=False)
    bridge.says(f'{bridge.file}:3:5:')
    bridge.says(f'{bridge.file}:5:')
    works(lab, bridge)
    session.binary(b'x').data(1)
    session.bye()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', port))
    reload(bridge, bridge.config)


def test_a_missing_file_changes_nothing(lab):
    bridge = start(lab, [marked('/', lab.target())])
    bridge.file.unlink()
    reload(bridge, done=False)
    works(lab, bridge)


def test_a_port_in_use_changes_nothing(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/', echo)], sandbox='off')
    coming, path = free_port(), lab.folder / 'coming.sock'
    before = listening_inodes(bridge.pid)
    reload(bridge, changed(bridge, listeners=[{'address': f'127.0.0.1:{coming}'}, {'address': f'unix:{path}'},
                                              {'address': f'127.0.0.1:{echo.port}'}],
                           routes=[marked('/', echo, 'never')]), done=False)
    bridge.says('stop the program that holds it')
    assert listening_inodes(bridge.pid) == before
    assert not path.exists()
    assert ask(lab, bridge).fields['x-route'] == '/'


def test_an_unreadable_key_changes_nothing(lab, certs):
    echo = lab.target()
    bridge = start(lab, [marked('/', echo)])
    tls = {'certificates': [{'certificate': certs.ec, 'key': str(lab.folder / 'none.key')}]}
    before = listening_inodes(bridge.pid)
    reload(bridge, changed(bridge, listeners=[{'address': ANY, 'tls': tls}]), done=False)
    tls['certificates'][0]['key'] = certs.rsa_key
    reload(bridge, changed(bridge, listeners=[{'address': ANY, 'tls': tls}]), done=False)
    assert listening_inodes(bridge.pid) == before
    works(lab, bridge)


# ---- certificates ----

def peer_certificate(lab, certs, endpoint):
    """The number of the certificate that a new client sees."""
    client = lab.connect(endpoint, context=certs.context())
    serial = client.sock.getpeercert()['serialNumber']
    client.hang_up()
    return serial


@pytest.fixture(name='secured')
def fixture_secured(lab, certs):
    """A TLS listener with files that a test may replace."""
    files = lab.folder / 'cert.pem', lab.folder / 'cert.key'
    for source, file in zip((certs.ec, certs.ec_key), files):
        shutil.copy(source, file)
    tls = {'certificates': [{'certificate': str(files[0]), 'key': str(files[1])}]}
    bridge = start(lab, [marked('/', lab.target(), ping_interval='1h')], [{'address': ANY, 'tls': tls}])
    bridge.files = files
    return bridge


def replace(bridge, *sources):
    for source, file in zip(sources, bridge.files):
        new = pathlib.Path(f'{file}.new')
        shutil.copy(source, new)
        os.replace(new, file)


def test_certificates_are_read_again_on_sighup(lab, certs, secured):
    session = lab.open(secured, context=certs.context())
    before = peer_certificate(lab, certs, secured)
    replace(secured, certs.rsa, certs.rsa_key)
    reload(secured)
    assert peer_certificate(lab, certs, secured) != before
    session.binary(b'x').data(1)
    session.bye()


def test_certificates_are_read_again_when_their_files_change(lab, certs, secured):
    """Once they have been the same for a while; half of a pair that stays half is told, and changes nothing."""
    session = lab.open(secured, context=certs.context())
    before = peer_certificate(lab, certs, secured)
    replace(secured, certs.rsa)
    until(lambda: FAILED in secured.text, lambda: secured.text, 20)
    assert peer_certificate(lab, certs, secured) == before
    replace(secured, certs.rsa, certs.rsa_key)
    until(lambda: RENEWED in secured.text, lambda: secured.text, 20)
    assert peer_certificate(lab, certs, secured) != before
    session.binary(b'x').data(1)
    session.bye()
    secured.baseline = None


def test_new_certificates_leave_the_log_alone(lab, certs, secured, tmp_path):
    """Opening it anew may look a name up, for as long as its servers do not answer."""
    path = tmp_path / 'syslog'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(path))
        reload(secured, changed(secured, log={'target': 'stderr', 'syslog': str(path)}))
        path.unlink()
        replace(secured, certs.rsa, certs.rsa_key)
        until(lambda: RENEWED in secured.text, lambda: secured.text, 20)
        assert 'the log stays as it was' not in secured.text
        syslog.settimeout(5)
        until(lambda: RENEWED.encode() in syslog.recv(4096), 'the line at syslog')
    secured.baseline = None


def test_new_certificates_make_no_good_file_of_a_bad_one(lab, certs, secured):
    """The finding of a failed reload stays until the file is valid."""
    config = changed(secured, listeners=[*secured.config['listeners'], {'address': ANY}],
                     routes=[{'path': '/metrics', 'metrics': True}])
    reload(secured, config)
    endpoint = Endpoint(secured.text.rsplit('listening on ', 1)[1].split()[0])

    def good():
        return samples(lab, endpoint)['wsluice_last_reload_successful']
    assert good() == 1
    reload(secured, 'nonsense: 1', done=False)
    assert good() == 0
    replace(secured, certs.rsa, certs.rsa_key)
    until(lambda: RENEWED in secured.text, lambda: secured.text, 20)
    assert good() == 0
    reload(secured, config)
    assert good() == 1


def test_without_a_file_certificates_are_read_again(lab, certs):
    """The quick command line."""
    files = lab.folder / 'cert.pem', lab.folder / 'cert.key'
    for source, file in zip((certs.ec, certs.ec_key), files):
        shutil.copy(source, file)
    bridge, _ = lab.start_echo(f'--cert={files[0]}', f'--key={files[1]}')
    bridge.files, bridge.file = files, None
    before = peer_certificate(lab, certs, bridge)
    replace(bridge, certs.rsa, certs.rsa_key)
    reload(bridge)
    assert peer_certificate(lab, certs, bridge) != before


# ---- under load ----

@pytest.mark.release_only
def test_reloads_under_load_lose_nothing(lab, certs, sanitized):
    """The proof of the gateway. WSLUICE_PROOF_SECONDS=30 is the whole of it."""
    seconds = float(os.environ.get('WSLUICE_PROOF_SECONDS', '8'))
    traffic = Traffic()
    tls = {'mode': 'optional', 'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    routes = [{'path': '/', 'target': f'tcp://127.0.0.1:{traffic.port}'}]
    bridge = start(lab, routes, [{'address': ANY, 'tls': tls}], admin=str(lab.folder / 'admin.sock'))
    for _ in range(100):  # the first ones find room for themselves in the heaps of libuv's threads
        reload(bridge)
    traffic.start(('127.0.0.1', bridge.port))
    reloads, end = 0, time.monotonic() + seconds
    memory = fds = None
    while time.monotonic() < end:
        reloads += 1
        others = [{'path': f'/{reloads}/{i}', 'target': 'tcp://127.0.0.1:9'} for i in range(reloads % 50)]
        extra = [{'address': f'unix:{lab.folder}/extra.sock'}] if reloads % 2 else []
        write(bridge.file.with_suffix('.new'), changed(bridge, routes=routes + others,
                                                       listeners=[{'address': ANY, 'tls': tls}, *extra]))
        os.replace(bridge.file.with_suffix('.new'), bridge.file)
        bridge.signal(signal.SIGHUP)
        time_passes(0.2)
        if memory is None and time.monotonic() > end - seconds * 0.6:
            memory, fds = bridge.memory(), bridge.fds()
    growth, more_fds = bridge.memory() - memory, bridge.fds() - fds
    traffic.stop()
    done = bridge.text.count(DONE) - 100
    print(f'{reloads} signals, {done} reloads, {traffic.came} clients came, {traffic.echoed} bytes, memory '
          f'{growth:+} of {memory}, descriptors {more_fds:+}')
    assert FAILED not in bridge.text
    assert done >= reloads * 0.9
    assert traffic.came >= reloads
    assert sanitized or growth < 1 << 20
    assert abs(more_fds) < 40  # of clients that are just coming or going
    assert all(record['reason'] == 'client_closed' for record in bridge.records()), bridge.text[-2000:]
    bridge.baseline = None


def test_reloads_neither_put_probes_off_nor_add_any(lab):
    """Each target is asked once a second, however often the file is read."""
    services = [lab.target() for _ in range(3)]
    targets = [{'address': f'tcp://127.0.0.1:{service.port}', 'probe': 'connect', 'probe_interval': '1s'}
               for service in services]
    bridge = start(lab, [{'path': '/', 'targets': targets}])
    began = time.monotonic()
    while time.monotonic() < began + 4:
        reload(bridge)
        time_passes(0.2)
    asked = [len(service.connections) for service in services]
    seconds = time.monotonic() - began
    assert all(seconds / 2 <= count <= seconds + 2 for count in asked), (asked, seconds)
