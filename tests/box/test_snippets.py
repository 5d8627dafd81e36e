"""Every snippet of contrib/ is run by a test, checked by its own tool, or named here with the reason why not."""
import ast
import re
import shlex

from lab import ROOT, run
from recipes import CONTRIB, FENCED, PAGES, folder_for, sections

TESTS = [path for folder in ('box', 'browser', 'e2e') for path in sorted((ROOT / 'tests' / folder).glob('test_*.py'))]

# One word for each snippet of a section: a test runs it, or a tool checks it. A reason stands for one that is only shown.
SNIPPETS = {
    'VNC in a browser': ['run', 'run', 'run'],
    'Several desktops by token': ['run', 'run'],
    'A socket for each desktop': ['run', 'run', 'run'],
    'Desktops that nobody uses': ['run'],
    'A login before VNC and SSH': ['run', 'run'],
    'Consoles of QEMU and libvirt': ['run', 'checked', 'run', 'run'],
    'SPICE': ['run', 'run'],
    'noVNC\'s own launcher': ['run'],
    'Open OnDemand': ['run', 'run'],
    'A database or a broker in the browser': ['run', 'run'],
    'Postgres from JavaScript': ['run', 'run', 'run', 'run'],
    'SSH': ['run', 'run'],
    'SSH to many machines behind one gateway': ['run', 'run'],
    'Any TCP program through a WebSocket': ['run', 'run', 'run', 'run'],
    'Targets with a certificate of their own': ['run', 'run'],
    'A page that connects to this machine': ['run'],
    'SSH for one machine': ['run', 'run'],
    'VNC and SSH to twenty machines behind one gateway': ['run', 'run', 'run'],
    'Behind nginx, HAProxy or Caddy': [],
    'noVNC below a path': ['run', 'run'],
    'Users of an identity-aware proxy': ['run', 'run', 'run'],
    'Targets behind a forward proxy': ['run', 'run'],
    'A service for tokens': ['run', 'run'],
    'Tokens in Redis': ['run', 'run'],
    'Consoles of OpenStack Nova': ['run'],
    'Serial consoles of OpenStack Ironic': ['run'],
    'Consoles of oVirt': ['run'],
    'Logins of Authelia, Authentik or oauth2-proxy': ['run'],
    'Links with a ticket': ['run', 'run', 'run', 'run', 'run'],
    'Tickets that choose the desktop': ['run', 'run'],
    'Tickets of an identity provider': ['run', 'run', 'run'],
    'A certificate for a test': ['run', 'run'],
    'Certificates from an ACME client': ['run', 'run', 'checked'],
    'Clients with certificates': ['run', 'run'],
    'Docker': ['run', 'run', 'checked'],
    'Kubernetes': [],
    'Consoles of KubeVirt': ['run'],
    'Debian packages': ['checked'],
    'systemd': ['run'],
    'Hardening': ['run', 'run'],
    'A small machine': ['checked'],
    'Prometheus and Grafana': ['run'],
    'The shell': ['run'],
    'Coming from websockify': [],
}

# The test of each file or folder that is no page, and how it names it.
FILES = {
    'quickstart.sh': ('e2e/test_install.py', 'contrib/quickstart.sh'),
    'compose/compose.yaml': ('box/test_contrib.py', 'compose/compose.yaml'),
    'debian/': ('box/test_companions.py', "'DEBIAN"),
    'kubernetes/gateway.yaml': ('box/test_contrib.py', "'kubernetes').glob('*.yaml')"),
    'kubernetes/httproute.yaml': ('box/test_contrib.py', "'kubernetes').glob('*.yaml')"),
    'kubernetes/sidecar.yaml': ('box/test_contrib.py', "'kubernetes').glob('*.yaml')"),
    'logrotate/wsluice': ('box/test_contrib.py', 'logrotate/wsluice'),
    'monitoring/alerts.test.yaml': ('box/test_contrib.py', "folder / 'alerts.test.yaml'"),
    'monitoring/alerts.yaml': ('box/test_contrib.py', "folder / 'alerts.yaml'"),
    'monitoring/dashboard.json': ('box/test_contrib.py', 'monitoring/dashboard.json'),
    'python/': ('e2e/test_python_module.py', 'contrib/python'),
    'proxies/Caddyfile': ('box/test_proxies.py', "'Caddyfile'"),
    'proxies/haproxy.cfg': ('box/test_proxies.py', "'haproxy.cfg'"),
    'proxies/nginx.conf': ('box/test_proxies.py', "'nginx.conf'"),
    'proxies/wsluice.yaml': ('box/test_proxies.py', "'wsluice.yaml'"),
    'release.sh': ('box/test_release.py', 'contrib/release.sh'),
    'sbom.py': ('box/test_release.py', 'spdx'),
    'ssh/': ('ssh/lib.mjs', 'contrib/ssh/build.mjs'),
    'systemd/wsluice.service': ('box/test_companions.py', "'wsluice.service'"),
    'systemd/wsluice-forward@.service': ('box/test_companions.py', 'wsluice-forward@.service'),
    'systemd/wsluice.socket': ('box/test_companions.py', "'wsluice.socket'"),
    'systemd/wsluice.sysusers': ('box/test_companions.py', 'usr/lib/sysusers.d/wsluice.conf'),
    'web.md': ('browser/test_web.py', 'contrib/web.md'),
}


def test_every_snippet_is_classified():
    assert {title: len(snippets) for title, snippets in sections().items() if snippets or title in SNIPPETS} == \
        {title: len(words) for title, words in SNIPPETS.items()}
    for title, words in SNIPPETS.items():
        for word in words:
            assert word in ('run', 'checked') or ' ' in word, f'{title}: no reason why a snippet is only shown'


def test_snippets_are_fenced():
    """An indented block is a snippet that no test would see."""
    for page in PAGES:
        before = ''
        for line in FENCED.sub('', page.read_text()).split('\n'):
            assert not (re.match(r'    |\t', line) and not before.strip()), f'{page.name}: {line}'
            before = line


def titles(title, function, tree):
    """Of a recipe: its own, or those that a function is called with that takes the title as its only argument."""
    if isinstance(title, ast.Constant):
        return [title.value]
    assert [argument.arg for argument in function.args.args] == [title.id], function.name
    return [node.args[0].value for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == function.name]


def uses():
    """The functions that take a recipe: {title: [(what its snippets are called, what the function reads)]}."""
    found = {}
    for tree in [ast.parse(text) for text in [path.read_text() for path in TESTS] if '= recipe(' in text]:
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and \
                        getattr(node.value.func, 'id', '') == 'recipe':
                    names = [pair.elts[1].id if isinstance(pair, ast.Tuple) else None for pair in node.targets[0].elts]
                    for title in titles(node.value.args[0], function, tree):
                        found.setdefault(title, []).append((names, read))
    return found


def test_every_snippet_has_a_test():
    """It takes all snippets of a section, and uses each."""
    used = uses()
    assert set(used) == {title for title, words in SNIPPETS.items() if words}
    for title, words in SNIPPETS.items():
        for number, word in enumerate(words):
            if word in ('run', 'checked'):
                assert any(number < len(names) and names[number] in read for names, read in used[title]), f'{title}: snippet {number + 1}'


def test_every_file_has_a_test():
    files = {str(path.relative_to(CONTRIB)) for path in CONTRIB.rglob('*')
             if path.is_file() and path.suffix != '.png' and path not in PAGES and path.name != 'CMakeLists.txt' and
             '__pycache__' not in path.parts}
    for file in files:
        found = [entry for name, entry in FILES.items() if file == name or name.endswith('/') and file.startswith(name)]
        assert len(found) == 1, f'{file}: name its test in FILES'
        test, text = found[0]
        assert text in (ROOT / 'tests' / test).read_text(), f'{file}: not in {test}'


def commands(text):
    """Command lines of wsluice in a text: in a table, or in an indented block."""
    for line in re.findall(r'`((?:docker run .* )?wsluice [^`]+)`|^ {4}(wsluice .*?)(?: {2,}#.*)?$', text, re.MULTILINE):
        words = shlex.split(''.join(line).rpartition('docker run')[2])
        yield words[words.index('wsluice') + 1:]


def test_command_lines_elsewhere(lab, certs):
    """Those of the index and of the README: the program takes each of them."""
    here = folder_for(lab, certs)
    (here / 'desks.tokens').write_text('alice: localhost:5900\n')
    (here / 'app').mkdir()
    (here / 'build/ssh').mkdir(parents=True)
    (here / 'murmur.pem').symlink_to('desk.pem')
    quick = 0
    for words in [words for page in (PAGES[0], ROOT / 'README.md') for words in commands(page.read_text())]:
        if words[0][0] == '-' and words[0].partition('=')[0] in ('--help', '--config', '--log-format', '--log-file'):
            continue
        if re.fullmatch('[a-z][a-z-]+', words[0]):
            status, _, err = run(words[0], '--help', cwd=here)
        else:
            if words[1:2] == ['--']:  # printed with a target only: a file cannot move the port of a command
                words.insert(1, 'localhost:5900')
            status, _, err = run('--print-config', *words, cwd=here)
            quick += 1
        assert status == 0, f'{words}: {err}'
    assert quick > 10


def anchors(page):
    return {re.sub(r'[^a-z0-9 -]', '', title.lower()).replace(' ', '-')
            for title in re.findall(r'^## (.+)$', page.read_text(), re.MULTILINE)}


def test_links():
    """Every link leads to a file and a section that exist, and the index leads to all sections."""
    reached = set()
    for page in [*PAGES, ROOT / 'README.md']:
        for link in re.findall(r'\]\(([^)]+)\)', page.read_text()):
            path, _, anchor = link.partition('#')
            if path.startswith('https://'):
                continue
            leads = (page.parent / path).resolve() if path else page
            assert leads.exists(), f'{page.name}: {link}'
            if anchor:
                assert anchor in anchors(leads), f'{page.name}: {link}'
                reached.add((leads, anchor) if page == PAGES[0] else None)
    assert {(page, anchor) for page in PAGES for anchor in anchors(page)} <= reached
