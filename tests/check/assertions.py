#!/usr/bin/env python3
"""Each wsl_assert of proxy/ is listed in tests/check/ASSERTIONS, with what decides its condition.

    proxy/core/session/life.c: state < LIFE_STATES
        values of the enum

Errors: an assertion that is not listed, an entry without an assertion, an entry without a reason. A condition that
a peer's bytes decide is never asserted (base/base.h); the list makes the author of an assertion check that.

usage: assertions.py [ROOT]
"""
import pathlib
import re
import sys

CALL = re.compile(r'\bwsl_assert\(')
ENTRY = re.compile(r'(proxy/\S+\.[ch]): (.+)')


def conditions(text):
    """The condition of each call, with single spaces."""
    for call in CALL.finditer(text):
        depth, end = 1, call.end()
        while depth > 0 and end < len(text):
            depth += {'(': 1, ')': -1}.get(text[end], 0)
            end += 1
        yield ' '.join(text[call.end():end - 1].split())


def asserted(root):
    """{(file, condition)}, without the definition of the macro."""
    found = set()
    for path in sorted((root / 'proxy').rglob('*.[ch]')):
        text = re.sub(r'#define wsl_assert\(', '', path.read_text())
        found |= {(path.relative_to(root).as_posix(), condition) for condition in conditions(text)}
    return found


def listed(path, problems):
    entries, last = {}, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith('#') or not line.strip():
            continue
        entry = ENTRY.fullmatch(line)
        if entry:
            last = entry.groups()
            if last in entries:
                problems.append(f'{path}:{number}: listed twice')
            entries[last] = False
        elif line.startswith('    ') and last:
            entries[last] = True
        else:
            problems.append(f'{path}:{number}: expected "FILE: CONDITION" or, indented, who decides it')
    return entries


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    problems = []
    found, entries = asserted(root), listed(root / 'tests/check/ASSERTIONS', problems)
    problems += [f'{file}: wsl_assert({condition}) is not in tests/check/ASSERTIONS'
                 for file, condition in sorted(found - entries.keys())]
    problems += [f'tests/check/ASSERTIONS: {file} does not assert {condition}'
                 for file, condition in sorted(entries.keys() - found)]
    problems += [f'tests/check/ASSERTIONS: {file}: {condition}: who decides it?'
                 for (file, condition), told in sorted(entries.items()) if not told]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f'assertions: {len(found)}, {"all explained" if not problems else f"{len(problems)} problems"}')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
