"""Builds and runs the image without a container engine: buildah with chroot isolation, over a minimal Debian made from
this machine's mirror, under the name that the Dockerfile uses."""
import json
import pathlib
import re
import signal
import subprocess
import threading
import time

from chroot import AS_ROOT, STORE, Chroot, call
from gateway import Endpoint
from lab import ROOT
from wire import WAIT, until

BUILDAH = [*AS_ROOT, 'env', 'STORAGE_DRIVER=vfs', 'BUILDAH_ISOLATION=chroot', 'buildah',
           '--root', str(STORE / 'storage'), '--runroot', str(STORE / 'run')]
DOCKERFILE = (ROOT / 'Dockerfile').read_text()
IMAGE = 'wsluice-under-test'


def buildah(*arguments, **how):
    return call(*BUILDAH, *arguments, **how).strip()


# ---- the base ----

def base_name():
    return re.search(r'^FROM (\S+) AS build', DOCKERFILE, re.MULTILINE).group(1)


def packages():
    """The packages that the Dockerfile installs: the base has them already, which saves time."""
    said = re.search(r'apt-get -q -y install (.*?)&&', DOCKERFILE, re.DOTALL).group(1)
    return [word for word in said.split() if word[0] not in '-\\']


def suite():
    """The Debian that the Dockerfile names."""
    return re.fullmatch(r'debian:(\w+)-slim', base_name()).group(1)


def make_base():
    install = f'apt-get -q update; apt-get -q -y install --no-install-recommends {" ".join(packages())}; apt-get clean'
    machine = Chroot.prepared('image', suite(), install)
    container = buildah('from', 'scratch')
    root = buildah('mount', container)
    with subprocess.Popen(machine.command('tar', '--one-file-system', '-cC', '/', '.'), stdout=subprocess.PIPE) as archive:
        call(*AS_ROOT, 'tar', '-xpC', root, stdin=archive.stdout)
    assert archive.returncode == 0
    buildah('umount', container)
    buildah('commit', '--quiet', '--rm', container, base_name())


def build():
    """Builds the image of this tree."""
    STORE.mkdir(parents=True, exist_ok=True)
    stamp, wanted = STORE / 'base', ' '.join([base_name(), *packages()])
    if not (stamp.exists() and stamp.read_text() == wanted and buildah('images', '--quiet', base_name())):
        make_base()
        stamp.write_text(wanted)
    log = buildah('build', '--format', 'docker', '--pull-never', '--no-cache', '--tag', IMAGE, ROOT)
    (STORE / 'build.log').write_text(log)


def describe():
    """Returns the configuration of the image."""
    return json.loads(buildah('inspect', '--type', 'image', IMAGE))['Docker']['config']


# ---- a container ----

def descendants(pid):
    children = {}
    for entry in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = entry.read_text().rsplit(')', 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, todo = [], [pid]
    while todo:
        more = children.get(todo.pop(), [])
        found += more
        todo += more
    return found


class Container:
    """Runs as `docker run` does: the entry point with the arguments, or with those of the image."""

    def __init__(self, config):
        self.config = config
        self.name = buildah('from', '--pull-never', IMAGE)
        self.process, self.lines = None, []

    def command(self, options, words):
        return [*BUILDAH, 'run', *options, self.name, '--', *words]

    def start(self, *arguments, options=()):
        words = [*self.config['Entrypoint'], *(arguments or self.config['Cmd'] or [])]
        self.process = subprocess.Popen(self.command(options, words), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read_log, daemon=True).start()
        return self

    def read_log(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip('\n'))

    def endpoint(self):
        def found():
            assert self.process.poll() is None, self.lines
            return re.search(r'listening on (127\.[^\s",]+)', '\n'.join(self.lines))
        return Endpoint(until(found, lambda: '\n'.join(self.lines)).group(1))

    @property
    def pid(self):
        """Of the program itself, not of buildah's own processes."""
        def found():
            return [pid for pid in descendants(self.process.pid)
                    if pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().startswith(b'/usr/bin/wsluice\0')]
        return until(found, lambda: '\n'.join(self.lines))[-1]

    def stop(self):
        """The first step of `docker stop`."""
        number = getattr(signal, self.config['StopSignal'])
        call(*AS_ROOT, 'kill', f'-{int(number)}', self.pid)

    def wait(self):
        status = self.process.wait(WAIT)
        time.sleep(0.05)
        return status

    def run(self, *words, options=()):
        """Runs a command inside the container, as a health check: (status, output)."""
        result = subprocess.run(self.command(options, words), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=WAIT, check=False)
        return result.returncode, result.stdout + result.stderr

    def remove(self):
        if self.process and self.process.poll() is None:
            for pid in reversed(descendants(self.process.pid)):  # some have ended meanwhile
                subprocess.run([*AS_ROOT, 'kill', '-9', str(pid)], check=False, capture_output=True)
            self.process.wait(WAIT)
        buildah('rm', self.name)
