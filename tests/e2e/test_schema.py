"""The JSON Schema beside the loader: it accepts what the loader accepts, and refuses most mistakes."""
import copy
import itertools
import json
import re
import subprocess

import pytest
from lab import BINARY, ROOT, run

jsonschema = pytest.importorskip('jsonschema')
yaml = pytest.importorskip('yaml')

WRONG = ROOT / 'tests/config/wrong'
LEAST_SHARE = 0.6


@pytest.fixture(scope='module')
def document():
    status, out, error = run('schema')
    assert (status, error) == (0, '')
    return json.loads(out)


@pytest.fixture(scope='module')
def schema(document):
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def parsed(text):
    """The documents that are configurations, also those inside a ConfigMap."""
    for found in yaml.safe_load_all(text):
        if isinstance(found, dict) and {'listeners', 'routes'} & found.keys():
            yield found
        if isinstance(found, dict) and found.get('kind') == 'ConfigMap':
            yield from (yaml.safe_load(data) for data in found['data'].values())


def configurations():
    for file in [*sorted((ROOT / 'config/examples').rglob('*.yaml')), ROOT / 'tests/config/everything.yaml',
                 *sorted((ROOT / 'contrib').rglob('*.yaml'))]:
        for number, found in enumerate(parsed(file.read_text())):
            yield pytest.param(found, id=f'{file.relative_to(ROOT)}-{number}')
    for page in [*sorted(ROOT.glob('*.md')), ROOT / 'config/README.md', *sorted((ROOT / 'contrib').rglob('*.md'))]:
        for number, text in enumerate(re.findall(r'^```yaml\n(.*?)^```', page.read_text(), re.DOTALL | re.MULTILINE)):
            for found in parsed(text):
                yield pytest.param(found, id=f'{page.relative_to(ROOT)}-{number}')


CONFIGURATIONS = list(configurations())


@pytest.mark.parametrize('found', CONFIGURATIONS)
def test_what_we_show_is_accepted(schema, found):
    schema.validate(found)


def test_what_we_show_is_found():
    names = ' '.join(parameter.id for parameter in CONFIGURATIONS)
    for part in ('kubernetes/gateway.yaml', 'kubernetes/sidecar.yaml', 'proxies/wsluice.yaml', 'conf.d/',
                 'contrib/recipes/', 'config/README.md-0'):
        assert part in names, part


def test_most_mistakes_are_refused(schema):
    accepted, refused = [], []
    for file in sorted(WRONG.glob('*.yaml')):
        try:
            (accepted if schema.is_valid(yaml.safe_load(file.read_text())) else refused).append(file.stem)
        except (yaml.YAMLError, RecursionError):
            pass  # no YAML, for an editor either
    share = len(refused) / (len(accepted) + len(refused))
    print(f'refused: {len(refused)}, accepted: {len(accepted)}, share {share:.0%}; accepted: {", ".join(accepted)}')
    assert share >= LEAST_SHARE, accepted


def places(value, path=()):
    """The path of each mapping's value and each list's element."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from places(inner, (*path, key))


def changed(document, path, value):
    """A copy with another value there; Ellipsis: without it."""
    result = copy.deepcopy(document)
    node = result
    for step in path[:-1]:
        node = node[step]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return result


PARTS = 4  # so that none takes long, and several processes share the work


@pytest.mark.parametrize('part', range(PARTS))
@pytest.mark.parametrize('value', [..., None, 'off', 5, []], ids=str)
def test_what_the_loader_accepts_is_accepted(schema, tmp_path, value, part):
    text = (ROOT / 'tests/config/everything.yaml').read_text()
    everything = yaml.safe_load(re.sub(r'(mode: )(0\d+)', r"\1'\2'", text))  # octal, which JSON has not
    (tmp_path / 'everything.password').write_text('from a file')
    file = tmp_path / 'changed.json'
    accepted = 0
    for path in itertools.islice(places(everything), part, None, PARTS):
        config = changed(everything, path, value)
        file.write_text(json.dumps(config))  # which is YAML, too
        answer = subprocess.run([BINARY, '--print-config', f'--config={file}'], capture_output=True, check=False,
                                env={'WSLUICE_TEST_SECRET': 'hush'})
        if answer.returncode == 0:
            accepted += 1
            errors = [f'{path}: {error.json_path}: {error.message[:300]}' for error in schema.iter_errors(config)]
            assert errors == []
    assert accepted >= (value is not None)  # few options may be null


def patterns(node):
    if isinstance(node, dict):
        yield from (text for key, text in node.items() if key == 'pattern' and isinstance(text, str))
        yield from (key for key in node.get('patternProperties', {}))
    if isinstance(node, (dict, list)):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from patterns(inner)


def test_editors_can_read_the_patterns(document, tmp_path):
    """ECMA 262 is strict with the flag u, which editors set."""
    found = sorted(set(patterns(document)))
    assert len(found) > 50
    script = tmp_path / 'compile.mjs'
    script.write_text('import fs from "node:fs"\n'
                      'for (const text of JSON.parse(fs.readFileSync(0))) new RegExp(text, "u")\n')
    answer = subprocess.run(['node', script], input=json.dumps(found), capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
