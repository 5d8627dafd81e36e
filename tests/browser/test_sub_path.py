"""The recipe for noVNC below a path of nginx: Debian's page in Chromium shows a real desktop."""
import nginx
from recipes import folder_for, recipe, replaced, shell
from test_novnc import wait_colour


def test_novnc_below_a_path(lab, certs, tab, desktops):
    (_, quick), (_, locations) = recipe('noVNC below a path')
    here = folder_for(lab, certs)
    bridge = shell(lab, here, replaced(quick, port=('127.0.0.1:6080', '127.0.0.1:0'),
                                       target=('localhost:5900', f'--unix-target={desktops[0].path}')))
    front = nginx.serve(lab, replaced(locations, bridge=('127.0.0.1:6080', bridge.address)))
    page = tab(viewport={'width': 800, 'height': 600})
    address = f'http://{front.address}/desk'
    assert page.goto(f'{address}/vnc.html?path=/desk/websockify&autoconnect=true')['status'] == 200
    wait_colour(page, desktops[0])
    page.goto(address)
    assert page.evaluate('() => location.pathname') == '/desk/'
    page.close()
    nginx.stop(lab)
