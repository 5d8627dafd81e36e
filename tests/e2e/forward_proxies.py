"""Forward proxies for tests: those of Debian on ports of their own, and one that does what a test says."""
import shutil
import subprocess

import pytest
import targets
from ports import free_port, listens
from wire import until

USER, PASSWORD = 'ann', 'p@ss: word/%'
URL_LOGIN = 'ann:p%40ss%3A%20word%2F%25@'


def spawn(lab, port, program, *arguments):
    """Waits until it listens; where that is, without its scheme."""
    path = shutil.which(program, path='/usr/sbin:/usr/bin:/sbin:/bin')
    if not path:
        pytest.skip(f'no {program}')
    log = lab.folder / f'proxy-{port}.log'
    with open(log, 'ab') as file:
        process = lab.spawn(path, *map(str, arguments), stdout=file, stderr=file)

    def ready():
        assert process.poll() is None, log.read_text()
        return listens(port)
    until(ready, lambda: log.read_text())
    return f'127.0.0.1:{port}'


def stop(lab):
    """In good order: squid removes its shared memory, dante its other processes."""
    for process in lab.processes:
        process.terminate()
        process.wait()


def tinyproxy(lab, *lines, login=False):
    port = free_port()
    config = lab.folder / f'tinyproxy-{port}.conf'
    config.write_text('\n'.join([f'Port {port}', 'Listen 127.0.0.1', 'Timeout 600', 'LogLevel Info', *lines,
                                 *([f'BasicAuth {USER} tinypass'] if login else [])]) + '\n')
    return 'http://' + spawn(lab, port, 'tinyproxy', '-d', '-c', config)


def squid(lab, folder, *, login=False):
    """`folder`: that other users can read, because the program that checks passwords is another's."""
    port = free_port()
    config, users = lab.folder / 'squid.conf', folder / 'users'
    rules = ['http_access allow all']
    if login:
        shown = subprocess.run(['openssl', 'passwd', '-apr1', '-stdin'], input=PASSWORD, capture_output=True, text=True,
                               check=True).stdout
        users.write_text(f'{USER}:{shown}')
        users.chmod(0o644)
        rules = [f'auth_param basic program /usr/lib/squid/basic_ncsa_auth {users}', 'auth_param basic children 1',
                 'acl known proxy_auth REQUIRED', 'http_access allow known', 'http_access deny all']
    config.write_text('\n'.join([f'http_port 127.0.0.1:{port}', 'pid_filename none', 'cache deny all', 'access_log none',
                                 'cache_log /dev/null', 'coredump_dir /', 'visible_hostname gate',
                                 'shutdown_lifetime 0 seconds', *rules]) + '\n')
    return 'http://' + spawn(lab, port, 'squid', '-N', '-n', f'wsluice{port}', '-f', config)


def microsocks(lab, *, login=False):
    port = free_port()
    options = ['-u', USER, '-P', PASSWORD] if login else []
    return 'socks5://' + spawn(lab, port, 'microsocks', '-i', '127.0.0.1', '-p', port, *options)


def dante(lab, *, refused=1):
    """Nothing goes to the port `refused`."""
    port = free_port()
    config = lab.folder / 'danted.conf'
    config.write_text(f'''logoutput: stderr
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
socksmethod: none
clientmethod: none
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks block {{ from: 127.0.0.0/8 to: 0.0.0.0/0 port = {refused} }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
''')
    return 'socks5://' + spawn(lab, port, 'danted', '-f', config)


def scripted(lab, *steps, then=targets.hold):
    """
    A proxy of this test: each step is what it reads first (a number of bytes; b'...': up to that) and what it then
    sends. It never connects to anything.
    """
    def handler(connection):
        for awaited, answer in steps:
            heard = b''
            while (len(heard) < awaited) if isinstance(awaited, int) else not heard.endswith(awaited):
                byte = connection.read(1)
                if not byte:
                    return
                heard += byte
            connection.sock.sendall(answer)
        then(connection)
    return lab.target(handler)
