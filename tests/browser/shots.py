#!/usr/bin/python3
"""Makes the pictures of the README: real pages over real sessions. Takes about three minutes.

usage: WSLUICE=BINARY tests/browser/shots.py [demo|status|ssh]...         (needs pngquant)
"""
import asyncio
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'e2e')]

import gateway  # noqa: E402
import targets  # noqa: E402
import websockets  # noqa: E402
from chromium import Browser  # noqa: E402
from lab import Lab  # noqa: E402
from shells import Sshd, User, build, serve  # noqa: E402

CONTRIB = HERE.parents[1] / 'contrib'
WIDTH = 1280
SECONDS = 120  # of traffic, so that the chart has something to show; TCP gives up a client that does not read after 120
LIMIT = 60_000  # bytes of a picture

# route, address of the client, how many bytes it sends and asks for, how often a second, whether it reads them
CLIENTS = [
    ('desk', '198.51.100.7', 60, 120_000, 4, True), ('broker', '192.0.2.14', 90_000, 2_000, 2, True),
    ('desk', '198.51.100.23', 60, 3_000_000, 0.5, False), ('shell', '203.0.113.9', 80, 180, 6, True),
    ('desk', '2001:db8::17', 60, 400_000, 1, True), ('shell', '198.51.100.71', 40, 90, 0.1, True),
    ('broker', '192.0.2.88', 700, 300, 3, True), ('desk', '203.0.113.40', 60, 60_000, 0.15, True),
]


def generous(connection):
    """Sends as many bytes as each line asks for, and ignores the blanks."""
    waiting = b''
    connection.sock.settimeout(None)
    while data := connection.read():
        *lines, waiting = (waiting + data).split(b'\n')
        try:
            for line in lines:
                connection.sock.sendall(bytes(int(line)))
        except OSError:
            return


async def talk(port, route, address, gives, takes, often, reads):
    """One client behind a proxy that forwards its address."""
    url = f'ws://127.0.0.1:{port}/{route}'
    async with websockets.connect(url, extra_headers={'X-Forwarded-For': address}, max_queue=1, ping_interval=None) as client:
        async def listen():
            async for _ in client:
                pass
        listener = asyncio.create_task(listen()) if reads else None
        for _ in range(int(SECONDS * often) + 1):
            tide = random.uniform(0.5, 1.5) * (1 + 0.8 * math.sin(time.monotonic() / 8))
            await client.send((b'%d' % int(takes * tide)).ljust(int(gives * tide)) + b'\n')
            await asyncio.sleep(random.uniform(0.5, 1.5) / often)
        if listener:
            listener.cancel()


async def traffic(port, when_over):
    clients = [asyncio.create_task(talk(port, *client)) for client in CLIENTS]
    await asyncio.sleep(SECONDS * 0.95)
    await asyncio.to_thread(when_over)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)


def save(page, name):
    path = CONTRIB / f'{name}.png'
    page.screenshot(str(path), {})
    subprocess.run(['pngquant', '--force', '--ext', '.png', '--speed', '1', '64', str(path)], check=True)
    size = path.stat().st_size
    print(f'{path.name}: {size} bytes')
    assert size < LIMIT


def demo(lab, browser):
    bridge = lab.start('demo', '127.0.0.1:0')
    page = browser.page(viewport={'width': WIDTH, 'height': 1000}, colorScheme='light')
    page.goto(f'http://127.0.0.1:{bridge.port}/')
    page.wait_text('#state', 'Connected')
    time.sleep(25)  # the chart fills
    page.click('#flow')
    page.wait_text('#verdict', 'made the round trip')
    page.wait("() => document.getElementById('marks').childElementCount > 1")
    page.evaluate('() => scrollTo(0, 0)')
    save(page, 'demo')
    page.close()


def status(lab, browser):
    for name in ('desk', 'shell', 'broker'):
        lab.unix_target(generous, path=f'@{name}.example')
    routes = [{'name': name, 'path': f'/{name}', 'target': f'unix:@{name}.example', 'ping_interval': 'off' if name == 'desk' else '1s'}
              for name in ('desk', 'shell', 'broker')]
    bridge = gateway.start(lab, [*routes, {'path': '/status', 'status': True, 'allow': ['127.0.0.1']}],
                           trusted_proxies=['127.0.0.1'])
    page = browser.page(viewport={'width': WIDTH, 'height': 960}, colorScheme='dark')
    page.goto(f'http://127.0.0.1:{bridge.port}/status#sort=stalled')
    asyncio.run(traffic(bridge.port, lambda: save(page, 'status')))
    page.close()


SHELL = r"""ls -l --color=always
for colour in 1 2 3 4 5 6; do printf "\033[3${colour}m%-12s\033[0m\033[1;3${colour}m%-12s\033[0m\033[4${colour}m%8s\033[0m\n" colour-$colour bold-$colour ' '; done
uname -sm
"""


def ssh(lab, browser):
    folder, sshd = build(lab.folder / 'page'), Sshd()
    (folder / 'hosts.json').write_text(json.dumps({'hosts': [{'name': 'web1', 'url': '../ssh', 'user': 'ada'}]}))
    try:
        user = User(browser.page(viewport={'width': WIDTH, 'height': 760}, colorScheme='dark'), f'http://127.0.0.1:{serve(lab, folder, sshd).port}')
        user.visit().fill(password=sshd.password).connect().accept()
        user.opened().run('mkdir -p reports scripts; head -c 81234 /dev/urandom >backup.tar; head -c 4321 /dev/urandom >notes.txt')
        user.page.type(r"PS1=$(printf '\033[32mada@web1\033[0m:\033[34m~\033[0m$ '); clear" + '\n')
        user.sees('\nada@web1:~$')
        user.page.type(SHELL)
        user.sees('Linux')
        user.page.click('#show-files')
        user.page.wait("() => document.querySelectorAll('#entries tbody tr').length > 3")
        save(user.page, 'ssh')
        user.page.close()
    finally:
        sshd.close()


def main():
    browser = Browser()
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(pathlib.Path(folder))
        try:
            for shot in [one for one in (demo, status, ssh) if one.__name__ in sys.argv[1:] or not sys.argv[1:]]:
                shot(lab, browser)
        finally:
            browser.close()
            lab.close()


if __name__ == '__main__':
    main()
