#!/usr/bin/env python3
"""Checks the symbols of the objects.

- every global symbol of foo.c begins with "foo_" (main excepted);
- no object of config/ or proxy/ has writable data, be it static, in a function or per thread;
  only log.c may. Constant tables with pointers (.data.rel.ro) are constant.

Reads the static libraries of a build without sanitizers and without link-time optimisation.

usage: symbols.py BUILD
"""
import pathlib
import re
import subprocess
import sys

LIBRARIES = ('config', 'base', 'codec', 'core', 'net', 'serve', 'run')
MAY_HAVE_STATE = ('log',)
OBJECT = re.compile(r'^(?:.*/)?(\w+)\.c\.o:\s+file format')
# address, flags (7 columns), section, size, optional visibility, name
SYMBOL = re.compile(r'^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$')
WRITABLE = re.compile(r'^\.(data(?!\.rel\.ro)|bss|tdata|tbss)|^\*COM\*')


def symbols(library):
    """(module, is global, is data, section, name) of each defined symbol in an archive."""
    table = subprocess.run(['objdump', '-t', str(library)], capture_output=True, text=True, check=True).stdout
    module = None
    for line in table.splitlines():
        header = OBJECT.match(line)
        if header:
            module = header.group(1)
            continue
        symbol = SYMBOL.match(line)
        if symbol and symbol.group(2) not in ('*UND*', '*ABS*'):
            flags, section, name = symbol.groups()
            is_data = flags[6] != 'F' and flags[5] != 'd'
            yield module, flags[0] in 'gu!' or flags[1] == 'w', is_data, section, name


def check(build):
    errors, count = [], 0
    for name in LIBRARIES:
        library = build / f'lib{name}.a'
        if not library.exists():
            errors.append(f'{library.name}: not there')
            continue
        for module, is_global, is_data, section, symbol in symbols(library):
            count += 1
            if is_global and symbol != 'main' and not symbol.startswith(f'{module}_'):
                errors.append(f'lib{name}: {module}.c: {symbol} should begin with {module}_')
            if is_data and WRITABLE.match(section) and module not in MAY_HAVE_STATE:
                errors.append(f'lib{name}: {module}.c: {symbol} is mutable data ({section})')
    if count == 0:
        errors.append('symbols: none found, was this built with link-time optimisation?')
    return errors, f'symbols: {count} looked at'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else 'build'))
    print('\n'.join(found) or f'{summary}, all in order')
    sys.exit(bool(found))
