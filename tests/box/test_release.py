"""contrib/release.sh: what it refuses, and that the same commit gives the same bytes."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tarfile

import pytest
from lab import BINARY, ROOT

VERSION = re.search(r'^project\(wsluice VERSION (\S+)', (ROOT / 'CMakeLists.txt').read_text(), re.MULTILINE).group(1)
COMMIT_TIME = '2026-03-04T05:06:07Z'
AUTHOR = {'GIT_AUTHOR_DATE': COMMIT_TIME, 'GIT_COMMITTER_DATE': COMMIT_TIME, 'GIT_CONFIG_GLOBAL': '/dev/null',
          'GIT_AUTHOR_NAME': 'a', 'GIT_AUTHOR_EMAIL': 'a', 'GIT_COMMITTER_NAME': 'a', 'GIT_COMMITTER_EMAIL': 'a'}
SPDX_ID = re.compile(r'SPDXRef-[A-Za-z0-9.-]+')


def git(tree, *words):
    subprocess.run(['git', *words], cwd=tree, check=True, capture_output=True, env={**os.environ, **AUTHOR})


def clone(tree):
    """The tree at hand as a repository of its own, with a date for its version in the changelog."""
    tree.mkdir(parents=True)
    files = subprocess.run(['git', 'ls-files', '-z'], cwd=ROOT, check=True, capture_output=True).stdout
    here = b'\0'.join(name for name in files.split(b'\0') if name and os.path.lexists(os.path.join(os.fsencode(ROOT), name)))
    names = tree.with_name(f'{tree.name}.names')  # a pipe could fill while tar waits for a reader
    names.write_bytes(here)
    with subprocess.Popen(['tar', '--null', '-cT', names], cwd=ROOT, stdout=subprocess.PIPE) as pack:
        subprocess.run(['tar', '-x'], cwd=tree, check=True, stdin=pack.stdout)
    changelog = tree / 'CHANGELOG.md'
    changelog.write_text(re.sub(r'^## (\d\S*) .*$', r'## \1 (2026-03-04)', changelog.read_text(), count=1, flags=re.MULTILINE))
    git(tree, 'init', '-q')
    git(tree, 'add', '-A')
    git(tree, 'commit', '-qm', 'All')
    return tree


def release(tree, *arguments, umask=0o022, **environment):
    settings = {key: value for key, value in os.environ.items() if key != 'CMAKE_C_COMPILER_LAUNCHER'}
    return subprocess.Popen([tree / 'contrib/release.sh', *map(str, arguments)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=umask,
                            env={**settings, **environment})


def refused(tree, *arguments):
    process = release(tree, *arguments)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1, said
    return said


def substitute(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_refuses_what_does_not_agree(tmp_path):
    tree, out = clone(tmp_path / 'tree'), tmp_path / 'out'
    substitute(tree / 'README.md', '# wsluice', '# Wsluice')
    assert 'changes that are not committed' in refused(tree, out)
    git(tree, 'checkout', '-q', 'README.md')
    substitute(tree / 'CHANGELOG.md', f'## {VERSION} (2026-03-04)', f'## {VERSION} (unreleased)')
    assert f"write '## {VERSION} (YYYY-MM-DD)'" in refused(tree, out)
    substitute(tree / 'CHANGELOG.md', f'## {VERSION} (unreleased)', '## 9.9.9 (2026-03-04)')
    assert f'the first section of CHANGELOG.md is 9.9.9 (2026-03-04), the version in CMakeLists.txt {VERSION}' in refused(tree, out)
    git(tree, 'checkout', '-q', 'CHANGELOG.md')
    substitute(tree / 'Dockerfile', f'image.version="{VERSION}"', 'image.version="9.9.9"')
    assert f'the label in Dockerfile is not {VERSION}' in refused(tree, out)
    git(tree, 'checkout', '-q', 'Dockerfile')
    out.mkdir(exist_ok=True)
    (out / 'file').touch()
    assert 'is not empty' in refused(tree, out)
    assert 'usage: contrib/release.sh' in release(tree).communicate(timeout=60)[0]


def check_spdx(document, binary):
    """The fields that SPDX 2.3 requires, references that exist, and every library that the binary loads."""
    assert document['spdxVersion'] == 'SPDX-2.3' and document['dataLicense'] == 'CC0-1.0'
    assert document['SPDXID'] == 'SPDXRef-DOCUMENT' and document['name'] and '#' not in document['documentNamespace']
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', document['creationInfo']['created'])
    assert all(re.match('(Tool|Person|Organization): ', creator) for creator in document['creationInfo']['creators'])
    packages = {package['SPDXID']: package for package in document['packages']}
    assert len(packages) == len(document['packages'])
    for name, package in packages.items():
        assert SPDX_ID.fullmatch(name) and package['name'] and package['versionInfo']
        assert package['downloadLocation'] == 'NOASSERTION' and package['filesAnalyzed'] is False
        assert package['licenseDeclared'] != 'NOASSERTION', package
        assert re.match('Organization: |NOASSERTION$', package['supplier'])
    for relation in document['relationships']:
        assert relation['relationshipType'] in ('DESCRIBES', 'STATIC_LINK', 'DYNAMIC_LINK')
        assert relation['relatedSpdxElement'] in packages and relation['spdxElementId'] in {*packages, 'SPDXRef-DOCUMENT'}
    ours = packages['SPDXRef-Package-wsluice']
    assert ours['checksums'] == [{'algorithm': 'SHA256', 'checksumValue': hashlib.sha256(binary.read_bytes()).hexdigest()}]
    names = [package['name'] for package in packages.values()]
    for library in ('libc6', 'libssl', 'libuv1', 'libyaml', 'libjansson', 'libhiredis', 'libseccomp', 'libcrypt'):
        assert any(name.startswith(library) for name in names), (library, names)
    return {relation['relationshipType'] for relation in document['relationships']}


def test_every_library_has_a_licence(tmp_path):
    """The list of parts for the binary at hand, as a linker's map would name them, and the refusal of an unknown library."""
    loaded = subprocess.run(['ldd', BINARY], capture_output=True, text=True, check=True).stdout
    link_map, script = tmp_path / 'link.map', tmp_path / 'sbom.py'
    archive = subprocess.run(['cc', '-print-file-name=libhiredis.a'], capture_output=True, text=True, check=True).stdout.strip()
    link_map.write_text(''.join(f'LOAD {file}\n' for file in re.findall(r'=> (/\S+)', loaded)) + f'{archive}(hiredis.o)\n')

    def listed(script):
        return subprocess.run(['python3', script, VERSION, link_map, BINARY], capture_output=True, text=True, check=False,
                              env={**os.environ, 'SOURCE_DATE_EPOCH': '0'})
    linked = check_spdx(json.loads(listed(ROOT / 'contrib/sbom.py').stdout), pathlib.Path(BINARY))
    assert linked == {'DESCRIBES', 'STATIC_LINK', 'DYNAMIC_LINK'}
    script.write_text((ROOT / 'contrib/sbom.py').read_text())
    substitute(script, "'libxcrypt':", "'another':")
    refusal = listed(script)
    assert refusal.returncode == 1 and refusal.stdout == ''
    assert refusal.stderr == 'sbom: the licence of libcrypt1 is not known: add the source package libxcrypt to LICENCES\n'


@pytest.mark.debian
def test_the_same_commit_gives_the_same_bytes(tmp_path):
    trees = clone(tmp_path / 'one'), tmp_path / 'another/folder of it'
    git(tmp_path, 'clone', '-q', trees[0], trees[1])
    for file in trees[1].rglob('*.c'):
        os.utime(file, (10**9, 10**9))
    outs = tmp_path / 'out-1', tmp_path / 'out-2'
    runs = [release(trees[0], outs[0]),
            release(trees[1], outs[1], umask=0o077, LANG='de_DE.UTF-8', TZ='Asia/Tokyo', TMPDIR=str(tmp_path))]
    for run in runs:
        said = run.communicate()[0]
        assert run.returncode == 0, said
    name = f'wsluice-{VERSION}'
    files = [{file.name: file.read_bytes() for file in out.iterdir()} for out in outs]
    static, = (file for file in files[0] if re.fullmatch(rf'{name}-linux-\w+', file))
    assert {f'{name}.tar.gz', f'{name}.spdx.json', f'{static}.spdx.json', 'SHA256SUMS'} < set(files[0]) == set(files[1])
    assert not [file for file in files[0] if files[0][file] != files[1][file]], 'these differ'
    assert len([file for file in files[0] if file.endswith('.deb')]) == 2
    subprocess.run(['sha256sum', '--check', '--strict', 'SHA256SUMS'], cwd=outs[1], check=True, capture_output=True)
    assert len((outs[0] / 'SHA256SUMS').read_text().splitlines()) == len(files[0]) - 1
    assert check_spdx(json.loads(files[0][f'{static}.spdx.json']), outs[0] / static) == {'DESCRIBES', 'STATIC_LINK'}
    deb, = outs[0].glob('wsluice_*.deb')
    subprocess.run(['dpkg-deb', '-x', deb, tmp_path / 'deb'], check=True)
    linked = check_spdx(json.loads(files[0][f'{name}.spdx.json']), tmp_path / 'deb/usr/bin/wsluice')
    assert linked == {'DESCRIBES', 'STATIC_LINK', 'DYNAMIC_LINK'}
    for binary in (tmp_path / 'deb/usr/bin/wsluice', outs[0] / static):
        assert str(tmp_path).encode() not in binary.read_bytes(), 'a folder of the build'
    with tarfile.open(outs[0] / f'{name}.tar.gz') as archive:
        entries = {entry.name: entry for entry in archive}
    assert {f'{name}/contrib/pages/{page}' for page in ('wsluice.1', 'wsluice.bash', 'wsluice.fish', '_wsluice', 'schema.json')} < set(entries)
    assert {(entry.uid, entry.gid, entry.mtime, entry.mode & 0o022) for entry in entries.values()} == {(0, 0, 1772600767, 0)}
