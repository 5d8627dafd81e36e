"""The snippets of contrib/ and of the demo page: tests run the text that users paste."""
import html
import re
import shutil
import subprocess

from lab import BINARY, ROOT, Bridge
from targets import echo

CONTRIB = ROOT / 'contrib'
PAGES = [CONTRIB / 'README.md', *sorted((CONTRIB / 'recipes').glob('*.md'))]
SECTION = re.compile(r'^## ([^\n]+)\n(.*?)(?=^## |\Z)', re.MULTILINE | re.DOTALL)
FENCED = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)

PORT = ('6080', '127.0.0.1:0')
WEB = ('/usr/share/novnc', 'web')


def sections():
    """All sections with their snippets: {title: [(language, text)]}."""
    found = {}
    for page in PAGES:
        for title, text in SECTION.findall(page.read_text()):
            assert title not in found, f'two sections are called {title}'
            found[title] = FENCED.findall(text)
    return found


def recipe(title):
    """The snippets of a section, in order: (language, text)."""
    return sections()[title]


def card(title):
    """The snippet of one of the demo page's next steps."""
    page = (ROOT / 'proxy/pages/demo.html').read_text()
    found = re.search(rf'<h3>{re.escape(title)}</h3>.*?<pre[^>]*>(.*?)</pre>', page, re.DOTALL)
    return html.unescape(re.sub(r'<[^>]+>', '', found.group(1)))


def cards():
    return re.findall(r'<h3>(.*?)</h3>', (ROOT / 'proxy/pages/demo.html').read_text())


def replaced(text, **places):
    """The text with the addresses and paths of a test; it must contain each replaced text."""
    for place, ours in places.values():
        assert place in text, f'{place} is not in:\n{text}'
        text = text.replace(place, str(ours))
    return text


def folder_for(lab, certs):
    """A folder with the files that recipes use: a page, a certificate, the program in PATH."""
    folder = lab.folder / 'here'
    (folder / 'web').mkdir(parents=True)
    (folder / 'web/vnc.html').write_text('<title>noVNC</title>')
    shutil.copy(certs.ec, folder / 'desk.pem')
    shutil.copy(certs.ec_key, folder / 'desk.key')
    (folder / 'bin').mkdir()
    (folder / 'bin/wsluice').symlink_to(BINARY)
    return folder


def shell(lab, here, text, **how):
    """Runs a shell snippet. Its last command, if it serves, becomes a bridge of the lab."""
    *before, last = re.sub(r'\\\n\s*', '', text).strip().split('\n')
    serves = re.match(r'(?:sudo )?(?:\S*/)?(?:wsluice|websockify|run) (?!passwd|check|help-config|completion|man|upgrade)', last)
    script = '\n'.join(['set -e', f'PATH={here}/bin:$PATH', *before, f'exec {last}' if serves else last, ''])
    if not serves:
        subprocess.run(['bash', '-c', script], cwd=here, check=True, capture_output=True, **how)
        return None
    bridge = Bridge(['-c', script], binary='/bin/bash', cwd=here, **how)
    lab.bridges.append(bridge)
    return bridge.wait_listening()


def gateway(lab, here, text, name='gateway.yaml'):
    """Starts a gateway with a YAML snippet."""
    (here / name).write_text(text)
    return lab.start('--config', here / name, cwd=here)


def says(name):
    """A target that sends its name, then echoes."""
    def handler(connection):
        connection.sock.sendall(name)
        echo(connection)
    return handler


def hears(lab, bridge, path, name, **how):
    """A client that hears the name of a target `says` it."""
    client = lab.open(bridge, upgrade={'path': path, **how.pop('upgrade', {})}, **how)
    assert client.data(len(name)) == name
    client.bye()
