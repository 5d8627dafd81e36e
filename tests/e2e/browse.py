"""Requests one after the other on one connection, as a browser sends them."""
import gzip
import os

from wire import Answer, pattern

WHOLE = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'


class Browser:
    def __init__(self, client):
        self.client = client

    def send(self, path, *, method='GET', fields=None, host='localhost'):
        lines = [f'{method} {path} HTTP/1.1', f'Host: {host}']
        lines += [f'{name}: {value}' for name, value in (fields or {}).items()]
        self.client.send(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1'))

    def hear(self, method='GET'):
        client = self.client
        while b'\r\n\r\n' not in client.pending:
            if not client.fill():
                raise EOFError(f'no answer, only {bytes(client.pending)!r}')
        answer = Answer(client.exactly(client.pending.index(b'\r\n\r\n') + 4)[:-4])
        if method != 'HEAD' and answer.status != 304:
            answer.body = client.exactly(int(answer.fields['content-length']))
        return answer

    def ask(self, path, *, method='GET', fields=None, host='localhost'):
        self.send(path, method=method, fields=fields, host=host)
        return self.hear(method)


def visit(lab, endpoint, **how):
    return Browser(lab.connect(endpoint, **how))


def get(lab, endpoint, path, *, connection=None, **how):
    """One request, and good-bye."""
    browser = visit(lab, endpoint, **(connection or {}))
    try:
        return browser.ask(path, **how)
    finally:
        browser.client.hang_up()


def make_site(folder):
    """A root with something of everything, and beside it what nobody may have."""
    root = folder / 'web'
    for name in ('core', 'empty', 'old', 'a b', '.git', 'encoded'):
        (root / name).mkdir(parents=True)
    texts = {
        'index.html': '<!doctype html><title>Home</title>', 'vnc.html': '<!doctype html><title>VNC</title>',
        'core/rfb.js': 'export default 1;', 'core/util.mjs': 'export default 2;', 'core/style.css': 'body{}',
        'core/data.json': '{}', 'core/decoder.wasm': '\0asm', 'core/font.woff2': 'wOF2', 'core/icon.svg': '<svg/>',
        'core/app.js.map': '{}', 'core/site.webmanifest': '{}', 'core/bell.oga': 'OggS', 'core/note.txt': 'note',
        'core/noext': 'x', 'old/index.htm': 'old index', 'a b/c&d.txt': 'spaces', 'bü.txt': 'umlaut',
        '.hidden': 'SECRET hidden', '.git/config': 'SECRET git', 'encoded/%2e%2e': 'literal',
    }
    for name, text in texts.items():
        (root / name).write_text(text)
    (root / 'big.bin').write_bytes(pattern(1 << 20))
    (root / 'packed.js').write_text('plain')
    with open(root / 'packed.js.gz', 'wb') as file:
        file.write(gzip.compress(b'plain'))
    (root / 'packed.js.br').write_bytes(b'a brotli stream')
    (folder / 'secret').write_text('SECRET')
    (folder / 'outside').mkdir()
    (folder / 'outside/index.html').write_text('SECRET')
    links = {'inner': 'core/note.txt', 'out': '../secret', 'absolute': str(folder / 'secret'), 'yard': '../outside',
             'passwd': '/etc/passwd', 'loop': 'loop', 'dangling': 'nothing', 'proc': '/proc/self/root',
             'through': '../web/index.html', 'fd': '/dev/fd/0'}
    for name, place in links.items():
        os.symlink(place, root / name)
    os.mkfifo(root / 'fifo')
    return root
