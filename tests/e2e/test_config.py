"""The file, from the outside: check, print-config and the JSON Schema that editors use."""
import json
import pathlib
import resource
import subprocess

import pytest
from lab import BINARY, ROOT, run
from wire import WAIT

jsonschema = pytest.importorskip('jsonschema')
yaml = pytest.importorskip('yaml')

EXAMPLES = sorted((ROOT / 'config/examples').glob('*.yaml'))
EVERYTHING = ROOT / 'tests/config/everything.yaml'
SECRETS = {'WSLUICE_TEST_SECRET': 'hush'}

# A schema sees a wrong type, an unknown name, a value out of range; it does not see rules.
SEEN_BY_SCHEMA = ('unknown_top', 'list_for_mapping', 'mapping_for_list', 'text_for_list', 'text_for_mapping',
                  'mapping_for_value', 'list_for_value', 'number_range', 'duration', 'bool', 'enum', 'mode',
                  'listener_without_address', 'redirect_status', 'tls_flat', 'tls_key_alone', 'auth_at_top')


@pytest.fixture(scope='module')
def schema():
    status, out, error = run('schema')
    assert (status, error) == (0, '')
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize('file', [*EXAMPLES, EVERYTHING], ids=lambda file: file.stem)
def test_the_schema_takes_what_the_loader_takes(schema, file):
    schema.validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize('name', SEEN_BY_SCHEMA)
def test_the_schema_sees_what_is_wrong(schema, name):
    text = (ROOT / f'tests/config/wrong/{name}.yaml').read_text()
    assert not schema.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize('file', EXAMPLES, ids=lambda file: file.stem)
def test_examples_pass_the_check(file):
    status, out, error = run('check', '--syntax', file)
    assert (status, error) == (0, ''), error
    assert ': ok: ' in out


@pytest.mark.parametrize('file', [*EXAMPLES, EVERYTHING], ids=lambda file: file.stem)
def test_what_is_printed_is_yaml_and_says_the_same(file, tmp_path, schema):
    def printed(path):
        answer = subprocess.run([BINARY, '--print-config', f'--config={path}'], capture_output=True, text=True,
                                check=False, env=SECRETS)
        assert (answer.returncode, answer.stderr) == (0, ''), answer.stderr
        return answer.stdout

    first = printed(file)
    if '# not shown' in first:
        pytest.skip('has a secret that is written out')
    schema.validate(yaml.safe_load(first))
    copy = tmp_path / 'printed.yaml'
    copy.write_text(first)
    assert printed(copy) == first


def test_a_quick_command_line_becomes_a_file(tmp_path):
    status, out, error = run('--print-config', '--heartbeat=5', '127.0.0.1:6080', 'localhost:5900')
    assert (status, error) == (0, '')
    config = yaml.safe_load(out)
    assert config['listeners'][0]['address'] == '127.0.0.1:6080'
    assert config['routes'][0]['target']['address'] == 'tcp://localhost:5900'
    assert config['routes'][0]['ping_interval'] == '5s'
    assert config['routes'][0]['origins'] == ['any']
    short = tmp_path / 'short.yaml'
    short.write_text('\n'.join(line for line in out.splitlines() if not line.endswith('# default')) + '\n')
    assert run('check', short)[0] == 0


def test_findings_name_file_line_and_column(tmp_path):
    file = tmp_path / 'gateway.yaml'
    file.write_text('wrokers: 3\nlisteners: [":1"]\nroutes:\n  - {path: /, target: "tcp://h"}\n')
    status, out, error = run('check', file)
    assert (status, out) == (1, '')
    assert f'{file}:1:1: error: wrokers: unknown option; did you mean workers?' in error
    assert f'{file}:4:23: error: routes[0].target: must be tcp://HOST:PORT' in error
    assert '     1 | wrokers: 3\n       | ^^^^^^^\n' in error


def test_the_summary_is_last(tmp_path):
    """In one stream, as in a CI job's log: first what was looked at, then the findings."""
    (tmp_path / 'gateway.yaml').write_text(
        f'listeners: [":1"]\nroutes:\n  - {{path: /a/*, files: {tmp_path}}}\n  - {{path: /b/*, files: /none}}\n')
    check = subprocess.run([BINARY, 'check', 'gateway.yaml'], cwd=tmp_path, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=20)
    lines = check.stdout.splitlines()
    looked = [line for line in lines if not line.startswith('sandbox: ')]  # which a sanitizer cannot have
    assert looked[0] == f'files {tmp_path}: readable' and 'gateway.yaml:4:18: error: ' in looked[1]
    assert lines[-1] == 'wsluice: gateway.yaml: 1 error, 0 warnings'


def test_a_start_that_fails_names_the_check(tmp_path):
    file = tmp_path / 'gateway.yaml'
    file.write_text('listeners: ["127.0.0.1:0"]\nroutes: [{path: /*, files: /none}]\n')
    status, _, error = run('--config', file)
    assert status == 1 and f'{file}:2:10: files.root of /*: /none: ' in error
    assert error.endswith(f'wsluice: for all errors: wsluice check {file}\n')
    assert 'wsluice check' not in run('--web=/none', '127.0.0.1:0', 'localhost:1')[2]


def check_routes(tmp_path, count):
    """Checks so many routes with one mistake; the error, and the processor time."""
    file = tmp_path / 'large.yaml'
    routes = [f'  - {{path: /desk/{i}, target: "tcp://desk{i}:5900", idle_timeout: 1h}}' for i in range(count)]
    routes[count // 2] = routes[count // 2].replace('idle_timeout', 'idel_timeout')
    file.write_text('\n'.join(['listeners: [":1"]', 'routes:', *routes, '']))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status, _, error = run('check', file, seconds=4 * WAIT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert status == 1
    return error, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_ten_thousand_routes_and_one_mistake(tmp_path):
    _, few = check_routes(tmp_path, 1_000)
    error, many = check_routes(tmp_path, 10_000)
    assert error.count('error:') == 1
    assert ':5003:' in error and 'did you mean idle_timeout?' in error
    assert many < 40 * max(few, 0.01), 'the cost grows with the number of routes, not with its square'


def test_no_secret_is_printed():
    answer = subprocess.run([BINARY, '--print-config', f'--config={EVERYTHING}'], capture_output=True, text=True,
                            check=True, env=SECRETS)
    for secret in ('hush', 'written out', 'from a file'):
        assert secret not in answer.stdout + answer.stderr


def test_the_reference_is_fresh():
    check = pathlib.Path(ROOT / 'tests/check/reference.sh')
    answer = subprocess.run([check, BINARY], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
