"""The recipe for noVNC below a path of nginx: Debian's page in Chromium shows a real desktop."""
import debian
import nginx
import pytest
from recipes import WEB, folder_for, recipe, replaced, shell
from test_novnc import DEBIAN, wait_colour


def show(lab, certs, tab, desktop, web, query):
    """The desktop behind nginx, with the page's files from `web`."""
    (_, quick), (_, locations) = recipe('noVNC below a path')
    bridge = shell(lab, folder_for(lab, certs), replaced(
        quick, web=(WEB[0], web), port=('127.0.0.1:6080', '127.0.0.1:0'),
        target=('localhost:5900', f'--unix-target={desktop.path}')))
    front = nginx.serve(lab, replaced(locations, bridge=('127.0.0.1:6080', bridge.address)))
    page = tab(viewport={'width': 800, 'height': 600})
    base = f'http://{front.address}/desk'
    assert page.goto(f'{base}/vnc.html?{query}autoconnect=true')['status'] == 200
    wait_colour(page, desktop)
    page.goto(base)
    assert page.evaluate('() => location.pathname') == '/desk/', 'nginx adds the slash'
    page.close()
    nginx.stop(lab)


def test_novnc_below_a_path(lab, certs, tab, desktops):
    show(lab, certs, tab, desktops[0], DEBIAN, 'path=/desk/websockify&')


@pytest.mark.slow
@pytest.mark.parametrize('query', ['', 'path=/desk/websockify&'])
def test_a_newer_novnc_below_a_path(lab, certs, tab, desktops, query):
    """noVNC 1.6 of Debian 13 needs no path in the address, and takes one."""
    show(lab, certs, tab, desktops[0], debian.newer_novnc(), query)
