"""The recipes for programs that start websockify: noVNC's launcher, and Open OnDemand's template for VNC."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest
import yaml
from gateway import Endpoint, get
from lab import BINARY
from ports import free_port, listens
from processes import Process, state
from recipes import folder_for, hears, recipe, replaced, says
from wire import WAIT, until

NOVNC = pathlib.Path('/usr/share/novnc')


@pytest.fixture(name='here')
def fixture_here(lab, certs):
    return folder_for(lab, certs)


def started(lab, here, script):
    """The output file of a shell script that runs on, and its process."""
    output = here / 'output'
    with output.open('wb') as file:
        process = lab.spawn('bash', '-ec', script, cwd=here, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                            env={**os.environ, 'PATH': f'{here}/bin:{os.environ["PATH"]}'})
    return output, process


def test_its_own_launcher(lab, here):
    (_, text), = recipe('noVNC\'s own launcher')
    copy = here / 'novnc'
    (copy / 'utils').mkdir(parents=True)
    shutil.copy(NOVNC / 'vnc.html', copy)
    shutil.copy(NOVNC / 'utils/novnc_proxy', copy / 'utils')
    target, port = lab.target(says(b'RFB')), free_port()
    *links, launch = replaced(text, port=('6080', port), target=('5900', target.port)).strip().split('\n')
    output, process = started(lab, here, '\n'.join(['cd novnc', *links, f'exec {launch}']))
    until(lambda: listens(port) and 'Navigate to this URL' in output.read_text() or process.poll() is not None,
          output.read_text)
    assert process.poll() is None, output.read_text()
    assert 'Using local websockify at' in output.read_text()
    bridge = Endpoint(f'127.0.0.1:{port}')
    assert get(lab, bridge, '/vnc.html').status == 200
    hears(lab, bridge, '/websockify', b'RFB')
    child, = [int(pid) for pid in pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
              if pathlib.Path(f'/proc/{pid}/exe').resolve() == pathlib.Path(BINARY).resolve()]
    process.terminate()
    process.wait(WAIT)
    until(lambda: state(child) in (None, 'Z'), 'the end of what it started')


# As Open OnDemand's template does: starts the command in the background, and gives it ten seconds to write the
# line that it looks for, in any case. The process ID is the script's output.
TEMPLATE = '''
port=$1 target=$2
${WEBSOCKIFY_CMD:-/opt/websockify/run} "$port" --heartbeat=30 "localhost:$target" &>websockify.log &
pid=$!
for i in $(seq 100); do
    if grep -q -i "proxying from :$port" websockify.log; then echo $pid; exit 0; fi
    ps "$pid" >/dev/null || exit 3
    sleep 0.1
done
kill "$pid"
exit 4
'''


def job(lab, here, script):
    """Runs the template for a desktop; its bridge, and the process ID."""
    target, port = lab.target(says(b'RFB')), free_port()
    (here / 'job.sh').write_text(script)
    result = subprocess.run(['bash', 'job.sh', str(port), str(target.port)], cwd=here, capture_output=True, text=True,
                            check=False, timeout=30, stdin=subprocess.DEVNULL)
    log = (here / 'websockify.log').read_text()
    assert result.returncode == 0, f'exit {result.returncode}: {result.stderr}\n{log}'
    pid = int(result.stdout)
    lab.processes.append(Process(pid))
    hears(lab, Endpoint(f'127.0.0.1:{port}'), '/websockify', b'RFB')
    assert re.search(rf'^ +- proxying from :{port} to localhost:{target.port}$', log, re.MULTILINE), log
    return pid


def test_open_ondemand(lab, here):
    (_, link), (_, cluster) = recipe('Open OnDemand')
    subprocess.run(['bash', '-ec', replaced(link, where=('/opt/websockify', here / 'opt/websockify'))], check=True,
                   env={**os.environ, 'PATH': f'{here}/bin:{os.environ["PATH"]}'})
    first = job(lab, here, TEMPLATE.replace('/opt/websockify', str(here / 'opt/websockify')))
    (here / 'bin/websockify').symlink_to(BINARY)
    wrapper = yaml.safe_load(replaced(cluster, where=('/usr/bin/websockify', here / 'bin/websockify')))
    second = job(lab, here, wrapper['v2']['batch_connect']['vnc']['script_wrapper'] % TEMPLATE)
    for pid in (first, second):
        os.kill(pid, signal.SIGTERM)
        until(lambda: state(pid) in (None, 'Z'), 'its end')
