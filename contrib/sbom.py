#!/usr/bin/env python3
"""Prints what is linked into a binary as SPDX 2.3: python3 contrib/sbom.py VERSION LINK-MAP BINARY.

The linker's map names the libraries; the Debian packages that have them say which versions those are.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

# The licence of the code that is linked, by Debian's name of the source package; its copyright file has the details.
LICENCES = {
    'libuv1': 'MIT AND BSD-2-Clause AND ISC',
    'openssl': 'Apache-2.0',
    'libyaml': 'MIT',
    'jansson': 'MIT',
    'hiredis': 'BSD-3-Clause',
    'libseccomp': 'LGPL-2.1-only',
    'glibc': 'LGPL-2.1-or-later',
    'libxcrypt': 'LGPL-2.1-or-later AND BSD-3-Clause AND BSD-2-Clause AND 0BSD',
    'musl': 'MIT',
    'gcc': 'GPL-3.0-or-later WITH GCC-exception-3.1',
}
SHARED = re.compile(r'^LOAD (/\S+\.so\S*)$', re.MULTILINE)
STATIC = re.compile(r'^(/\S+\.a)\(\S+\)$', re.MULTILINE)
START = re.compile(r'^LOAD (/\S*crt\S*\.o)$', re.MULTILINE)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic(file, tag):
    """The names that a binary's dynamic section has; none for a linker script."""
    result = subprocess.run(['readelf', '-d', str(file)], capture_output=True, text=True, check=False)
    return set(re.findall(rf'\({tag}\).*\[(.+)\]', result.stdout))


def linked(link_map, binary):
    """Files of other packages whose code is in the binary, and shared libraries that it loads."""
    needed = dynamic(binary, 'NEEDED')
    found = {pathlib.Path(name).resolve() for name in STATIC.findall(link_map) + START.findall(link_map)}
    inside = {(file, 'STATIC_LINK') for file in found if file.is_file()}
    for name in SHARED.findall(link_map):
        file = pathlib.Path(name).resolve()
        names = dynamic(file, 'SONAME') & needed
        if names:
            needed -= names
            inside.add((file, 'DYNAMIC_LINK'))
    if needed:
        sys.exit(f'sbom: the link map does not name {", ".join(sorted(needed))}')
    return sorted(inside)


def owner(file):
    """(package, version, source package) that has a file. dpkg may know it below /lib or below /usr/lib."""
    for name in (str(file), str(file).removeprefix('/usr'), f'/usr{file}'):
        result = subprocess.run(['dpkg-query', '-S', name], capture_output=True, text=True, check=False)
        if result.returncode == 0:
            package = result.stdout.split(': ')[0].split(', ')[0]
            fields = output('dpkg-query', '-W', '-f', '${Package}\t${Version}\t${Architecture}\t${source:Package}', package)
            return tuple(fields.split('\t'))
    return None


def identifier(text):
    return 'SPDXRef-' + re.sub(r'[^A-Za-z0-9.-]', '-', text)


def package_of(name, version, licence, **more):
    return {'SPDXID': identifier(f'Package-{name}'), 'name': name, 'versionInfo': version, 'downloadLocation': 'NOASSERTION',
            'filesAnalyzed': False, 'licenseConcluded': 'NOASSERTION', 'licenseDeclared': licence,
            'copyrightText': 'NOASSERTION', **more}


def purl(name, version, architecture):
    version = version.replace('+', '%2B').replace('~', '%7E').replace(':', '%3A')
    return {'referenceCategory': 'PACKAGE-MANAGER', 'referenceType': 'purl',
            'referenceLocator': f'pkg:deb/debian/{name}@{version}?arch={architecture}'}


def parts(link_map, binary):
    """The packages, and how each is linked: (package, relationship)."""
    found = {}
    for file, how in linked(link_map, binary):
        if file.is_relative_to(pathlib.Path(binary).resolve().parent) or '/CMakeFiles/' in str(file):
            continue
        known = owner(file)
        if known is None:
            sys.exit(f'sbom: no Debian package has {file}')
        found[known, how] = None
    for (name, version, architecture, source), how in found:
        family = re.sub(r'-\d+$', '', source)
        if family not in LICENCES:
            sys.exit(f'sbom: the licence of {name} is not known: add the source package {family} to LICENCES')
        yield package_of(name, version, LICENCES[family], supplier='Organization: Debian',
                         sourceInfo=f'built from the Debian source package {source}',
                         externalRefs=[purl(name, version, architecture)]), how


def document(version, link_map, binary):
    content = pathlib.Path(binary).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    moment = datetime.datetime.fromtimestamp(int(os.environ['SOURCE_DATE_EPOCH']), datetime.timezone.utc)
    ours = package_of('wsluice', version, 'MIT', supplier='NOASSERTION', primaryPackagePurpose='APPLICATION',
                      copyrightText='Copyright (c) The wsluice authors',
                      checksums=[{'algorithm': 'SHA256', 'checksumValue': digest}])
    packages, relations = [ours], []
    for package, how in parts(link_map, binary):
        if package not in packages:
            packages.append(package)
        relations.append({'spdxElementId': ours['SPDXID'], 'relationshipType': how, 'relatedSpdxElement': package['SPDXID']})
    relations.insert(0, {'spdxElementId': 'SPDXRef-DOCUMENT', 'relationshipType': 'DESCRIBES',
                         'relatedSpdxElement': ours['SPDXID']})
    return {'spdxVersion': 'SPDX-2.3', 'dataLicense': 'CC0-1.0', 'SPDXID': 'SPDXRef-DOCUMENT', 'name': f'wsluice-{version}',
            'documentNamespace': f'https://spdx.invalid/wsluice-{version}-{digest}',
            'creationInfo': {'created': moment.strftime('%Y-%m-%dT%H:%M:%SZ'), 'creators': ['Tool: wsluice-sbom']},
            'packages': packages, 'relationships': relations}


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(json.dumps(document(sys.argv[1], pathlib.Path(sys.argv[2]).read_text(errors='replace'), sys.argv[3]), indent=2))
