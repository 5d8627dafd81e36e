#!/usr/bin/env python3
"""Each module has a unit test at the same path: tests/unit/net/watch_test.c tests proxy/net/watch.c.

tests/check/UNTESTED lists the modules of serve and run, and the tables of options, without one, with what tests them
instead. The list can only shrink: an entry that is not needed is an error, and so is one that names a test which does
not exist.

    proxy/run/main.c: end-to-end tests alone

usage: mirror.py [ROOT]
"""
import pathlib
import re
import sys

FOLDERS = ('config', 'proxy')
MAY_LACK_ONE = ('proxy/serve/', 'proxy/run/', 'proxy/rebind/', 'config/options/options_', 'config/options/rows/')


NAMED_TEST = re.compile(r'\btest_\w+\.py\b|\b\w+_(?:test|fuzz)\b')


def test_of(module):
    return 'tests/unit/' + module.removeprefix('proxy/').removesuffix('.c') + '_test.c'


def tests_of(root):
    return {name for file in (root / 'tests').rglob('*') for name in (file.name, file.stem)}


def read_exceptions(root):
    page = root / 'tests/check/UNTESTED'
    exceptions, errors, tests = set(), [], tests_of(root)
    for number, line in enumerate(page.read_text().splitlines() if page.exists() else [], 1):
        if not line or line.startswith('#'):
            continue
        module, _, reason = line.partition(': ')
        if not module.startswith(MAY_LACK_ONE) or not reason.strip():
            errors.append(f'UNTESTED:{number}: expected "proxy/serve/... or proxy/run/...: what tests it instead"')
        errors += [f'UNTESTED:{number}: there is no {name}' for name in NAMED_TEST.findall(reason) if name not in tests]
        exceptions.add(module)
    return exceptions, errors


def check(root):
    modules = sorted(str(file.relative_to(root)) for folder in FOLDERS for file in (root / folder).rglob('*.c'))
    exceptions, errors = read_exceptions(root)
    lacking = {module for module in modules if not (root / test_of(module)).exists()}
    errors += [f'{module}: {test_of(module)} is missing' for module in sorted(lacking - exceptions)]
    errors += [f'UNTESTED: {module} is not needed any more, remove it' for module in sorted(exceptions - lacking)]
    return errors, f'mirror: {len(modules)} modules, {len(lacking)} without a unit test of their own'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or summary)
    sys.exit(bool(found))
