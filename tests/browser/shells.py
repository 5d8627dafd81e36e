"""SSH in a tab, as its tests need it: the built page, private sshds, a user of the page."""
import os
import pathlib
import subprocess
import tempfile

import gateway
from chromium import BrowserError
from lab import ROOT
from ports import free_port
from wire import until

PAGE = ROOT / 'contrib/ssh'
ROWS = "[...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent.replaceAll('\\u00a0', ' ').trimEnd())"
SCREEN = f"() => '\\n' + {ROWS}.join('\\n') + '\\n'"
# The clipboard of the event, as Chromium takes it, and as Firefox does.
PASTE = '''(text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    const event = new ClipboardEvent('paste', { clipboardData: data, data: text, dataType: 'text/plain', bubbles: true, cancelable: true });
    document.querySelector('.xterm-helper-textarea').dispatchEvent(event);
}'''


def build(folder, *options):
    subprocess.run([str(PAGE / 'build.sh'), *options, str(folder)], check=True, capture_output=True)
    return folder


def as_root(*command):
    return [*([] if os.geteuid() == 0 else ['sudo', '-n']), *map(str, command)]


class Sshd:
    """tests/ssh/sshd.sh: users ada (password or key), kim (keyboard-interactive), two (a key, then that)."""

    def __init__(self, *options, like=None, same=True):
        """`like`: another one, whose users have the same keys; `same`: so has the machine."""
        self.folder, self.port = pathlib.Path(tempfile.mkdtemp(prefix='wsluice-sshd-')), free_port()
        if like:
            files = ['password', *(file.name for file in like.folder.glob('user_*')), *(file.name for file in like.folder.glob('host_*') if same)]
            subprocess.run(as_root('cp', '-p', *(like.folder / name for name in files), self.folder), check=True)
        self.log = self.folder / 'sshd.log'
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(as_root(ROOT / 'tests/ssh/sshd.sh', self.folder, self.port, *options),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self.answers, self.log.read_text)
        self.password = self.read('password').strip()

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        return 'Server listening on' in self.log.read_text()

    def read(self, name):
        return self.get(name).decode()

    def get(self, name):
        return subprocess.run(as_root('cat', self.folder / name), check=True, capture_output=True).stdout

    def key(self, name, folder):
        """The user's private key as a file that we may read."""
        path = pathlib.Path(folder) / name
        path.touch(0o600)
        path.write_text(self.read(name))
        return str(path)

    def fingerprint(self, name):
        """As ssh-keygen -l prints it."""
        said = subprocess.run(['ssh-keygen', '-lf', str(self.folder / f'{name}.pub')], check=True, capture_output=True, text=True)
        return said.stdout.split()[1]

    def close(self):
        subprocess.run(as_root('kill', self.process.pid), check=True)  # of sudo's, too, which is root's
        self.process.wait()
        subprocess.run(as_root('rm', '-r', self.folder), check=True)


def serve(lab, folder, sshd, **options):
    """A gateway with the page at /shell/ and sshd at /ssh."""
    routes = [{'path': '/shell/*', 'files': str(folder)}, {'path': '/ssh', 'target': f'tcp://127.0.0.1:{sshd.port}', 'expect': 'ssh'}]
    return gateway.start(lab, routes, **options)


class User:
    """Somebody who uses the page."""

    def __init__(self, page, base, path='/shell/'):
        self.page, self.base, self.path = page, base, path
        self.number = 0

    def visit(self):
        self.page.goto(self.base + self.path)
        self.page.wait("() => !document.getElementById('login').hidden")
        return self

    def fill(self, user='ada', password=None, key=None, passphrase=None):
        page = self.page
        page.fill('#user', user)
        if key:
            page.click('#by-key')
            (page.fill if 'PRIVATE KEY' in key else page.upload)('#key' if 'PRIVATE KEY' in key else '#key-file', key)
            if passphrase is not None:
                page.fill('#passphrase', passphrase)
        else:
            page.click('#by-password')
            page.fill('#password', password or '')
        return self

    def connect(self):
        self.page.click('#connect')
        return self

    def wait(self, what, code, argument):
        try:
            self.page.wait(code, argument)
        except BrowserError as problem:
            self.page.shot('ssh-failed')
            raise BrowserError(f'{what}; the page: {self.page.text("body")}; {self.page.complaints()}') from problem

    def asked(self, part):
        """The text of the open question, once it contains `part`."""
        self.wait(f'no question "{part}"', "(part) => question.open && question.innerText.includes(part)", part)
        return self.page.text('#question')

    def accept(self, part='has the fingerprint'):
        text = self.asked(part)
        self.page.click('#question-yes')
        return text

    def answer(self, part, text):
        self.asked(part)
        self.page.fill('#answer-0', text)
        self.page.click('#question-yes')
        return self

    def decline(self, part):
        text = self.asked(part)
        self.page.click('#question-no')
        return text

    def state(self, name):
        self.wait(f'not {name}', '(name) => document.body.dataset.state === name', name)
        return self

    def opened(self):
        """Connected, and the shell obeys."""
        self.state('open')
        self.run('true')
        return self

    def screen(self):
        return self.page.evaluate(SCREEN)

    def sees(self, part):
        try:
            self.page.wait(f'(part) => ({SCREEN})().includes(part)', part)
        except BrowserError as problem:
            raise BrowserError(f'the screen does not show "{part}" but\n{self.screen()}') from problem
        return self.screen()

    def run(self, command):
        """Types a command; what the screen shows of its output at its end. The mark is not in what is typed."""
        self.number += 1
        self.page.evaluate("() => document.querySelector('.xterm-helper-textarea').focus()")
        self.page.type(f"clear; {command}; echo 'done'-{self.number}\n")
        shown = self.sees(f'\ndone-{self.number}\n')
        return shown.rpartition(f'\ndone-{self.number}')[0].strip('\n')

    def complaints(self):
        """Without what the browser itself says about a missing hosts.json."""
        return [line for line in self.page.complaints() if 'hosts.json' not in line]
