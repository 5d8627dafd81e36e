"""The recipe for SPICE: Debian's spice-html5 in Chromium, in front of a virtual machine of QEMU that shows its BIOS."""
import shlex
import subprocess

import pytest
from recipes import folder_for, recipe, replaced, shell
from wire import until

# The largest canvas: its size, and how many of its pixels are not black.
SCREEN = '''() => {
    const all = [...document.querySelectorAll('#spice-screen canvas')].sort((a, b) => b.width - a.width);
    if (!all.length) return null;
    const { width, height } = all[0];
    const data = all[0].getContext('2d').getImageData(0, 0, width, height).data;
    let lit = 0;
    for (let i = 0; i < data.length; i += 4)
        if (data[i] + data[i + 1] + data[i + 2] > 300) lit++;
    return [width, height, lit];
}'''


@pytest.mark.slow
def test_spice(lab, certs, tab):
    (_, machine), (_, quick) = recipe('SPICE')
    here = folder_for(lab, certs)
    where = ('/run/vms', here)
    log = (here / 'qemu.log').open('w')
    qemu = lab.spawn(*shlex.split(replaced(machine, where=where)), cwd=here,
                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until(lambda: (here / 'web1.spice').exists() or qemu.poll() is not None, 'the socket of QEMU')
    assert qemu.poll() is None, (here / 'qemu.log').read_text()
    bridge = shell(lab, here, replaced(quick, where=where, port=(' 6080', ' 127.0.0.1:0')))
    page = tab(viewport={'width': 900, 'height': 700})
    assert page.goto(f'http://localhost:{bridge.port}/spice_auto.html')['status'] == 200
    page.wait(f'() => {{ const seen = ({SCREEN})(); return seen && seen[2] > 200; }}')
    width, height, _ = page.evaluate(SCREEN)
    assert (width, height) in ((640, 480), (720, 400)), 'a screen of text or of the BIOS'
    page.shot('spice')
    log.close()
