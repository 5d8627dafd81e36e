"""The proxies that are measured: their configuration, start and end."""

import os
import pathlib
import signal
import subprocess
import time

import machine

NGINX_STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"
PAGE = pathlib.Path("/usr/share/novnc")  # its files are served
START_SECONDS = 10


class Failure(Exception):
    """A contender or the load failed; the text says how."""


class Ports:
    """New ports below the ephemeral range, without connections in TIME_WAIT."""

    def __init__(self, first=20000, last=32000):
        self._first, self._last, self._next = first, last, first + os.getpid() % 4000

    def take(self):
        used = listening_ports()
        while True:
            self._next = self._next + 1 if self._next < self._last else self._first
            if self._next not in used:
                return self._next


def listening_ports():
    ports = set()
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


class Files:
    """The contenders' files, in one temporary directory."""

    def __init__(self, directory, descriptors):
        self.descriptors = descriptors  # what a contender may open
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)  # nginx's worker drops to another user
        self.cert, self.key = self.directory / "cert.pem", self.directory / "key.pem"
        self.both = self.directory / "both.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True)
        self.both.write_text(self.cert.read_text() + self.key.read_text())
        self.paths = self.write("paths", "".join(
            f"/{path.relative_to(PAGE)}\n" for path in sorted(PAGE.rglob("*")) if path.is_file()))

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return str(path)


def wsluice(files, listen, target, tls, workers, path):
    command = [path, f"--workers={workers}", f"127.0.0.1:{listen}", f"127.0.0.1:{target}"]
    return command + (["--cert", str(files.cert), "--key", str(files.key)] if tls else [])


def wsluice_beside(files, pairs, tls, _workers, path):
    """Two listeners need a file."""
    secure = f", tls: {{certificates: [{{certificate: {files.cert}, key: {files.key}}}]}}" if tls else ""
    listeners = [f'  - {{address: "127.0.0.1:{listen}", routes: [to-{target}]{secure * (at == 0)}}}\n'
                 for at, (listen, target) in enumerate(pairs)]
    routes = [f'  - {{path: /*, name: to-{target}, target: "tcp://127.0.0.1:{target}"}}\n' for _, target in pairs]
    config = "".join(["workers: 1\n", "listeners:\n", *listeners, "routes:\n", *routes])
    return [path, "--config", files.write(f"wsluice-{pairs[0][0]}.yaml", config)]


def floor(_files, listen, target, _tls, _workers, path):
    return [path, str(listen), str(target)]


def splice_floor(_files, listen, target, _tls, _workers, path):
    return [path, "--splice", str(listen), str(target)]


def websockify(files, listen, target, tls, _workers, path):
    command = [path, f"127.0.0.1:{listen}", f"127.0.0.1:{target}"]
    return command + (["--cert", str(files.cert), "--key", str(files.key)] if tls else [])


def haproxy(files, listen, target, tls, _workers, path, beside=(), buffers=0):
    secure = f"ssl crt {files.both} ssl-min-ver TLSv1.3 curves P-256" if tls else ""
    more = "".join(f"""
listen relay-{port}
    bind 127.0.0.1:{port}
    server target 127.0.0.1:{there}
""" for port, there in beside)
    sessions = (files.descriptors - 200) // 2  # HAProxy does not start with more than it can serve
    config = files.write(f"haproxy-{listen}.cfg", f"""
global
    nbthread 1
    maxconn {sessions}
    {f"tune.bufsize {buffers}" if buffers else ""}
defaults
    mode tcp
    maxconn {sessions}
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen relay
    bind 127.0.0.1:{listen} {secure}
    server target 127.0.0.1:{target}
{more}""")
    return [path, "-db", "-f", config]


def nginx_config(files, listen, body, modules=""):
    """One worker; all else is the default of nginx, with the access log."""
    home = files.directory
    return files.write(f"nginx-{listen}.conf", f"""
{modules}
daemon off;
worker_processes 1;
worker_rlimit_nofile {files.descriptors};
pid {home}/nginx-{listen}.pid;
error_log {home}/nginx-{listen}.log error;
events {{ worker_connections 30000; }}
{body}
""")


def nginx_stream(files, listen, target, tls, _workers, path, beside=()):
    secure = f"""
        ssl_certificate {files.cert};
        ssl_certificate_key {files.key};
        ssl_protocols TLSv1.3;
        ssl_ecdh_curve prime256v1;""" if tls else ""
    more = "".join(f"""
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        proxy_pass 127.0.0.1:{there};
        proxy_timeout 1h;
    }}""" for port, there in beside)
    config = nginx_config(files, listen, f"""
stream {{
    server {{
        listen 127.0.0.1:{listen} {"ssl" if tls else ""} backlog=4096;{secure}
        proxy_pass 127.0.0.1:{target};
        proxy_timeout 1h;
    }}
{more}
}}""", f"load_module {NGINX_STREAM_MODULE};")
    return [path, "-c", config, "-e", f"{files.directory}/nginx-start.log"]


def nginx_folders(home):
    """The temporary directories that the http module needs."""
    places = {'client_body': 'body', 'proxy': 'proxy', 'fastcgi': 'fastcgi', 'uwsgi': 'uwsgi', 'scgi': 'scgi'}
    return '\n'.join(f'    {what}_temp_path {home}/nginx-{place};' for what, place in places.items())


def nginx_http(files, listen, target, _tls, _workers, path):
    home = files.directory
    config = nginx_config(files, listen, f"""
http {{
    access_log {home}/nginx-{listen}-access.log;
{nginx_folders(home)}
    server {{
        listen 127.0.0.1:{listen} backlog=4096;
        location / {{
            proxy_pass http://127.0.0.1:{target};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }}
    }}
}}""")
    return [path, "-c", config, "-e", f"{home}/nginx-start.log"]


def wsluice_files(files, listen, target, tls, workers, path):
    return wsluice(files, listen, target, tls, workers, path) + [f"--web={PAGE}"]


def nginx_files(files, listen, _target, _tls, _workers, path):
    """Set up for speed: sendfile, and no access log."""
    home = files.directory
    config = nginx_config(files, listen, f"""
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
{nginx_folders(home)}
    server {{
        listen 127.0.0.1:{listen} backlog=4096;
        root {PAGE};
    }}
}}""")
    return [path, "-c", config, "-e", f"{home}/nginx-start.log"]


KINDS = {
    "wsluice-files": wsluice_files,
    "nginx-files": nginx_files,
    "wsluice": wsluice,
    "floor": floor,
    "splice-floor": splice_floor,
    "haproxy": haproxy,
    "nginx-stream": nginx_stream,
    "nginx-http": nginx_http,
    "websockify": websockify,
}


def beside(kind, files, pairs, tls, path):
    """The command of a contender with two listeners: bulk, and what is measured beside it."""
    if kind == "wsluice":
        return wsluice_beside(files, pairs, tls, 1, path)
    if kind == "nginx-stream":
        return nginx_stream(files, *pairs[0], tls, 1, path, pairs[1:])
    buffers = 262144 if kind == "haproxy-256k" else 0
    return haproxy(files, *pairs[0], tls, 1, path, pairs[1:], buffers)


class Proxy:
    """A running contender, pinned to its cores; a context manager."""

    def __init__(self, kind, path, files, ports, cores, tls=False, workers=1, mixed=False):
        self.kind = kind
        self.pairs = [(ports.take(), ports.take()) for _ in range(1 + mixed)]
        self.listen, self.target = self.pairs[0]
        self._command = (beside(kind, files, self.pairs, tls, path) if mixed else
                         KINDS[kind](files, self.listen, self.target, tls, workers, path))
        self._log = files.directory / f"{kind}-{self.listen}.out"
        self._cores = cores
        self._process = None

    @property
    def pid(self):
        return self._process.pid

    def complaint(self):
        """The last lines of its output."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])

    def __enter__(self):
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=lambda: os.sched_setaffinity(0, self._cores))
        deadline = time.monotonic() + START_SECONDS
        while self.listen not in listening_ports():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise Failure(f"{self.kind} does not start: {' '.join(self._command)}\n"
                              + self.complaint())
            time.sleep(0.02)
        time.sleep(0.1)
        return self

    def __exit__(self, *_):
        tree = machine.process_tree(self._process.pid)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in tree:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                continue
        return False


def version(kind, path):
    if kind.endswith("floor"):
        return "floor (tests/bench/floor.c)"
    if kind == "websockify":
        return first_of("dpkg-query", "-W", "websockify") or "websockify"
    return first_of(path, "--version" if kind.startswith("wsluice") else "-v")


def first_of(*command):
    line = machine.first_line(list(command))
    return line.replace("\t", " ").split(" - http")[0] if line else None
