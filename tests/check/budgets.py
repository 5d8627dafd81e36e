#!/usr/bin/env python3
"""Limits of size: a function has at most 80 lines, a file 600, main.c 100.

tests/check/EXCEPTIONS lists larger ones with their sizes, and can only shrink: an exception that is not needed or
larger than needed is an error.

    function proxy/net/connect/dial.c:dial_start 93
    file proxy/serve/stages/session.c 640

The end of a function is a brace in the first column, which clang-format guarantees.

usage: budgets.py [ROOT]
"""
import pathlib
import re
import sys

FUNCTION_MAX, FILE_MAX, MAIN_MAX = 45, 450, 100
TEST_FUNCTION_MAX, TEST_FILE_MAX = 80, 600
FOLDERS = ('config', 'proxy', 'tests')
NAME = re.compile(r'(\w+)\s*\(')


def functions(lines):
    """(name, lines from the first line of the signature to the closing brace) of each function."""
    start = opened = None
    for number, line in enumerate(lines):
        if opened is None:
            if line == '{':
                opened = number
                start = number
                while start > 0 and re.match(r'[\w\s*(]', lines[start - 1]):
                    start -= 1
        elif line == '}':
            signature = ' '.join(lines[start:opened])
            name = NAME.search(re.sub(r'__attribute__\s*\(\(.*?\)\)', '', signature))
            yield (name.group(1) if name else f'line {start + 1}'), number - start + 1
            opened = None


def sources(root):
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob('*.[ch]')):
            if 'node_modules' not in file.parts:
                yield file


def measure(root):
    """("function", "path:name") or ("file", "path") -> (size, limit)"""
    sizes = {}
    for file in sources(root):
        lines = file.read_text().splitlines()
        where = str(file.relative_to(root))
        is_test = where.startswith('tests/')
        limit = MAIN_MAX if where == 'proxy/run/main.c' else TEST_FILE_MAX if is_test else FILE_MAX
        sizes['file', where] = (len(lines), limit)
        for name, length in functions(lines):
            key = ('function', f'{where}:{name}')
            longest = max(length, sizes.get(key, (0,))[0])
            sizes[key] = (longest, TEST_FUNCTION_MAX if is_test else FUNCTION_MAX)
    return sizes


def read_exceptions(root):
    page = root / 'tests/check/EXCEPTIONS'
    exceptions, errors = {}, []
    for number, line in enumerate(page.read_text().splitlines() if page.exists() else [], 1):
        words = line.split('#')[0].split()
        if not words:
            continue
        if len(words) != 3 or words[0] not in ('function', 'file') or not words[2].isdigit():
            errors.append(f'EXCEPTIONS:{number}: expected "function PATH:NAME LINES" or "file PATH LINES"')
        else:
            exceptions[words[0], words[1]] = int(words[2])
    return exceptions, errors


def check(root):
    sizes = measure(root)
    exceptions, errors = read_exceptions(root)
    for (kind, what), (size, limit) in sizes.items():
        allowed = exceptions.get((kind, what), limit)
        if size > allowed:
            errors.append(f'{kind} {what}: {size} lines, at most {allowed}')
    for (kind, what), allowed in exceptions.items():
        size, limit = sizes.get((kind, what), (0, 0))
        if size <= limit:
            errors.append(f'EXCEPTIONS: {kind} {what} is not needed any more, remove it')
        elif size < allowed:
            errors.append(f'EXCEPTIONS: {kind} {what} is down to {size} lines, lower it')
    count = sum(kind == 'function' for kind, _ in sizes)
    return errors, f'budgets: {count} functions, {len(sizes) - count} files, {len(exceptions)} exceptions'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or f'{summary}, all within')
    sys.exit(bool(found))
