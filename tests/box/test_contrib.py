"""Checks files for other programs with those programs: Kubernetes, Compose, Prometheus, Grafana, logrotate."""
import json
import os
import re
import subprocess

import pytest
import yaml
from gateway import ANY, ask, get, start
from lab import ROOT, run
from wire import until

CONTRIB, HERE = ROOT / 'contrib', ROOT / 'tests/box'
METRIC = re.compile(r'\bwsluice_[a-z_]+')


def said_by(*command, **how):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **how)
    assert result.returncode == 0, f'{command}\n{result.stdout}\n{result.stderr}'
    return result.stdout


# ---- Kubernetes ----

GATEWAY_API = 'gateway.networking.k8s.io/'


def manifests():
    return [(path, document) for path in sorted((CONTRIB / 'kubernetes').glob('*.yaml'))
            for document in yaml.safe_load_all(path.read_text())]


def test_kubernetes_manifests_have_the_types_of_the_api(tmp_path):
    """TypeScript checks them against the types of the API, and reports unknown fields."""
    lines, kinds = [], set()
    for number, (path, document) in enumerate(manifests()):
        group, _, version = document['apiVersion'].rpartition('/')
        module, kind = f'kubernetes-types/{(group or "core").split(".")[0]}/{version}', document['kind']
        if document['apiVersion'].startswith(GATEWAY_API):
            module, kind = f'@kubernetes-models/gateway-api/{document["apiVersion"]}', f'I{kind}'
        lines.append(f'// {path.name}\nimport {{{kind} as Kind{number}}} from "{module}";\n'
                     f'export const manifest{number}: Kind{number} = {json.dumps(document, indent=1)};')
        kinds.add(document['kind'])
    assert {'Deployment', 'Service', 'ConfigMap', 'PodDisruptionBudget', 'HorizontalPodAutoscaler',
            'NetworkPolicy', 'HTTPRoute'} <= kinds
    right = '\n'.join(lines)
    wrong = right.replace('"readinessProbe"', '"readynessProbe"').replace('"backendRequest"', '"backend"')
    for name, source in (('right.ts', right), ('wrong.ts', wrong)):
        (tmp_path / name).write_text(source)
    (tmp_path / 'node_modules').symlink_to(HERE / 'node_modules')
    said = subprocess.run(['node', HERE / 'node_modules/typescript/bin/tsc', '--strict', '--noEmit', '--skipLibCheck', '--lib',
                           'es2015', '--moduleResolution', 'node', 'right.ts', 'wrong.ts'], cwd=tmp_path,
                          capture_output=True, text=True, check=False).stdout
    errors = [line for line in said.split('\n') if ': error ' in line]
    assert not [line for line in errors if not line.startswith('wrong.ts')], said
    assert len([line for line in errors if 'readynessProbe' in line]) == wrong.count('readynessProbe') and \
        len([line for line in errors if "'backend'" in line or "'\"backend\"'" in line]) == 1, said


def test_kubernetes_manifests_fit_together(tmp_path):
    by_file = {}
    for path, document in manifests():
        by_file.setdefault(path.name, {}).setdefault(document['kind'], []).append(document)
    (route,), = by_file.pop('httproute.yaml').values()
    check_route(route, by_file['gateway.yaml'])
    for kinds in by_file.values():
        deployment, = kinds['Deployment']
        pod = deployment['spec']['template']
        labels = pod['metadata']['labels']
        assert deployment['spec']['selector']['matchLabels'] == labels
        for service in kinds['Service']:
            assert service['spec']['selector'] == labels
        for kind, key in (('PodDisruptionBudget', 'selector'), ('NetworkPolicy', 'podSelector')):
            for other in kinds.get(kind, []):
                assert other['spec'][key]['matchLabels'] == labels
        container, = [c for c in pod['spec']['containers'] if c['name'] == 'wsluice']
        ports = {port['name']: port['containerPort'] for port in container['ports']}
        for probe in ('readinessProbe', 'livenessProbe'):
            assert container[probe]['httpGet']['port'] in ports
        config, = kinds['ConfigMap']
        assert config['metadata']['name'] in [v.get('configMap', {}).get('name') for v in pod['spec']['volumes']]
        file = tmp_path / 'wsluice.yaml'
        file.write_text(config['data']['wsluice.yaml'])
        status, _, err = run('check', '--syntax', file, env={e['name']: e['value'] for e in container.get('env', [])})
        assert status == 0, err
        served = yaml.safe_load(file.read_text())
        heard = {int(str(l if isinstance(l, str) else l['address']).rsplit(':', 1)[1]) for l in served['listeners']}
        assert heard == set(ports.values())
        assert {container[p]['httpGet']['path'] for p in ('readinessProbe', 'livenessProbe')} <= {
            route['path'] for route in served['routes']}


def check_route(route, kinds):
    """The CRD's own schema takes it; it leads to the service, below the path of a route, for any time."""
    script = """
        const { HTTPRoute } = require("@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute");
        for (const manifest of JSON.parse(process.argv[1]))
            try {
                new HTTPRoute(manifest).validate();
                console.log("good");
            } catch (error) {
                console.log(error.message.replaceAll("\\n", " "));
            }
    """
    rule, = route['spec']['rules']
    wrong = {**route, 'spec': {**route['spec'], 'rules': [{**rule, 'timeouts': {'request': 'never'}}]}}
    good, bad = said_by('node', '-e', script, json.dumps([route, wrong]), cwd=HERE).strip().split('\n')
    assert good == 'good' and 'timeouts/request' in bad, 'the schema knows durations'
    assert set(rule['timeouts'].values()) == {'0s'} and set(rule['timeouts']) == {'request', 'backendRequest'}
    service, = kinds['Service']
    port, = service['spec']['ports']
    assert rule['backendRefs'] == [{'name': service['metadata']['name'], 'port': port['port']}]
    assert port['appProtocol'] == 'kubernetes.io/ws'
    config = yaml.safe_load(kinds['ConfigMap'][0]['data']['wsluice.yaml'])
    prefix = rule['matches'][0]['path']['value']
    assert any(one['path'].startswith(f'{prefix}/') for one in config['routes'])


# ---- Compose ----

def test_compose_file():
    environment = {**os.environ, 'DESKTOP_IMAGE': 'example.com/desktop'}
    shown = yaml.safe_load(said_by('docker-compose', '-f', CONTRIB / 'compose/compose.yaml', 'config',
                                   env=environment))
    service = shown['services']['wsluice']
    assert service['read_only'] and service['cap_drop'] == ['ALL']
    assert run('--print-config', *service['command'])[0] == 0
    missing = subprocess.run(['docker-compose', '-f', CONTRIB / 'compose/compose.yaml', 'config'], capture_output=True,
                             text=True, check=False)
    assert missing.returncode != 0 and 'an image that serves VNC' in missing.stderr


# ---- Prometheus, Grafana ----

@pytest.fixture(name='exported')
def fixture_exported(lab, certs):
    """The metric names of a gateway after a session and a failure."""
    target, tokens = lab.target(), lab.folder / 'tokens'
    tokens.write_text(f'one: 127.0.0.1:{target.port}\n')
    bridge = start(lab, [{'path': '/', 'target': f'tcp://127.0.0.1:{target.port}'},
                         {'path': '/t', 'tokens': {'from': 'query:token', 'file': str(tokens)}},
                         {'path': '/dead', 'target': 'tcp://127.0.0.1:1'}, {'path': '/metrics', 'metrics': True}],
                   [{'address': ANY}, {'address': ANY, 'tls': {'certificates': [
                       {'certificate': certs.ec, 'key': certs.ec_key}]}}])
    for path in ('/', '/t?token=one'):
        lab.open(bridge.endpoints[0], upgrade={'path': path}).bye()
    assert ask(lab, bridge.endpoints[0], '/dead').status == 502
    bridge.session(1, reason='client_closed')
    text = get(lab, bridge.endpoints[0], '/metrics').body.decode()
    return {re.match(r'\w+', line).group() for line in text.splitlines() if line and line[0] != '#'}


def used_in(text):
    return set(METRIC.findall(text)) - {'wsluice_connection'}


def test_alerts(exported):
    folder = CONTRIB / 'monitoring'
    said_by('promtool', 'check', 'rules', folder / 'alerts.yaml')
    said_by('promtool', 'test', 'rules', folder / 'alerts.test.yaml')
    rules = yaml.safe_load((folder / 'alerts.yaml').read_text())['groups'][0]['rules']
    tested = (folder / 'alerts.test.yaml').read_text()
    for rule in rules:
        assert tested.count(f'alertname: {rule["alert"]}') == 2, 'once silent, once not'
        assert used_in(rule['expr']) and used_in(rule['expr']) <= exported, rule['expr']


def test_dashboard(exported, tmp_path):
    board = json.loads((CONTRIB / 'monitoring/dashboard.json').read_text())
    taken = set()
    for panel in board['panels']:
        place = panel['gridPos']
        cells = {(x, y) for x in range(place['x'], place['x'] + place['w'])
                 for y in range(place['y'], place['y'] + place['h'])}
        assert not cells & taken and place['x'] + place['w'] <= 24, panel['title']
        taken |= cells
        for target in panel['targets']:
            assert used_in(target['expr']) and used_in(target['expr']) <= exported, target['expr']
    assert len({panel['id'] for panel in board['panels']}) == len(board['panels'])
    # Prometheus parses each expression, with the variables that Grafana replaces.
    expressions = [t['expr'].replace('$__rate_interval', '1m').replace('$instance', '.*')
                   for panel in board['panels'] for t in panel['targets']]
    rules = tmp_path / 'board.yaml'
    rules.write_text(yaml.safe_dump({'groups': [{'name': 'board', 'rules': [
        {'record': f'board:{number}', 'expr': expr} for number, expr in enumerate(expressions)]}]}))
    said_by('promtool', 'check', 'rules', rules)


def test_the_autoscaler_counts_what_is_exported(exported):
    scaler, = [document for _, document in manifests() if document['kind'] == 'HorizontalPodAutoscaler']
    assert scaler['spec']['metrics'][0]['pods']['metric']['name'] in exported


# ---- logrotate ----

def test_logrotate(lab, tmp_path):
    """The file unchanged, except for the folder and how the process is found."""
    text = (CONTRIB / 'logrotate/wsluice').read_text()
    logs = tmp_path / 'logs'
    logs.mkdir(mode=0o755)
    bridge, _ = lab.start_echo(log_file=logs / 'wsluice.log')
    tell = 'systemctl kill --kill-whom=main --signal=USR1 wsluice.service'
    assert text.count(tell) == 1 and text.count('/var/log/wsluice/') == 1
    file = tmp_path / 'logrotate.conf'
    file.write_text(text.replace('/var/log/wsluice/', f'{logs}/').replace(tell, f'kill -USR1 {bridge.pid}'))
    file.chmod(0o644)
    state = ['--state', tmp_path / 'state', file]
    said = subprocess.run(['logrotate', '-d', *state], capture_output=True, text=True, check=True).stderr
    assert 'error' not in said.lower() and str(logs) in said
    lab.open(bridge).bye()
    until(lambda: 'client_closed' in (logs / 'wsluice.log').read_text(), 'the first session')
    said_by('logrotate', '--force', *state)
    until(lambda: (logs / 'wsluice.log').exists(), 'a new file')
    lab.open(bridge).bye()
    until(lambda: 'client_closed' in (logs / 'wsluice.log').read_text(), 'the second session')
    assert (logs / 'wsluice.log.1').read_text().count('client_closed') == 1
