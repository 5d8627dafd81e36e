#!/usr/bin/env python3
"""Checks the text of all files: banned functions, white space, addresses.

- no call of a function without bounds, without error or with hidden state (BANNED);
- no time.sleep in end-to-end tests except in wire.py: a test waits for a condition (until), or tests time itself
  (time_passes);
- no conflict of a merge, no tab in C or Python, no carriage return, no space at the end of a line, exactly one newline at
  the end of a file;
- no address of a package registry: the machine configures where packages come from.

Reads the files that git tracks or would track; without git all files.

usage: text.py [ROOT]
"""
import pathlib
import re
import subprocess
import sys

BANNED = {
    'strcpy': 'snprintf or memcpy', 'strcat': 'snprintf', 'strncpy': 'memcpy and a length',
    'strncat': 'snprintf', 'stpcpy': 'memcpy', 'sprintf': 'snprintf', 'vsprintf': 'vsnprintf',
    'gets': 'fgets', 'atoi': 'strtol with a check', 'atol': 'strtol with a check',
    'atoll': 'strtoll with a check', 'atof': 'strtod with a check', 'scanf': 'a parser',
    'sscanf': 'a parser', 'fscanf': 'a parser', 'strtok': 'slices',
    'gmtime': 'gmtime_r', 'localtime': 'localtime_r', 'ctime': 'strftime', 'asctime': 'strftime',
    'gethostbyname': 'getaddrinfo', 'inet_ntoa': 'inet_ntop', 'inet_addr': 'inet_pton',
    'inet_aton': 'inet_pton', 'tmpnam': 'mkstemp', 'mktemp': 'mkstemp', 'alloca': 'a bounded array',
    'rand': 'getrandom', 'srand': 'getrandom', 'system': 'posix_spawn', 'popen': 'posix_spawn',
    'select': 'poll',
}
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(BANNED) + r')\s*\(')
REGISTRY = re.compile(r'registry\.(npmjs|yarnpkg)\.|//pypi\.|\bdeb\.debian\.|index\.crates\.')
TEXT = {'.c', '.h', '.py', '.sh', '.js', '.mjs', '.json', '.md', '.txt', '.cmake', '.yaml', '.yml', '.html', '.css',
        '.service', '.dict', '.toml', '.cfg', '.ini'}
NAMED = {'CMakeLists.txt', 'Dockerfile', 'LAYERS', 'EXCEPTIONS', 'LICENSE', 'run', '.gitignore', '.clang-format',
         '.clang-tidy', '.dockerignore'}
MARKER = re.compile(r'<{7} |>{7} ')
NO_TABS = {'.c', '.h', '.py'}
SLEEP = re.compile(r'^[^\'"#]*\btime\.sleep\(')


def without_comments_and_strings(code):
    """The same lines, with the content of comments and literals blanked."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group()), code)


def files(root):
    listing = subprocess.run(['git', '-C', str(root), 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                             capture_output=True, check=False)
    if listing.returncode == 0:
        names = [root / name.decode() for name in listing.stdout.split(b'\0') if name]
    else:
        names = [p for p in root.rglob('*') if not {'node_modules', '.git'} & set(p.parts)]
    for path in sorted(names):
        if path.is_file() and not path.is_symlink() and (path.suffix in TEXT or path.name in NAMED):
            yield path


def check_text(path, where):
    text = path.read_bytes().decode('utf-8', errors='surrogateescape')
    errors = []
    for number, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip():
            errors.append(f'{where}:{number}: white space at the end of the line')
        if MARKER.match(line):
            errors.append(f'{where}:{number}: a conflict of a merge')
        if '\t' in line and path.suffix in NO_TABS:
            errors.append(f'{where}:{number}: tab')
        if REGISTRY.search(line) and path.name != 'text.py':
            errors.append(f'{where}:{number}: address of a package registry')
        if SLEEP.match(line) and where.match('tests/e2e/*.py') and path.name != 'wire.py':
            errors.append(f'{where}:{number}: sleep: wait with until, or use time_passes where time is tested')
    if text and (not text.endswith('\n') or text.endswith('\n\n')):
        errors.append(f'{where}: must end with exactly one newline')
    return errors


def check_banned(path, where):
    errors = []
    for number, line in enumerate(without_comments_and_strings(path.read_text()).split('\n'), 1):
        for name in CALL.findall(line):
            errors.append(f'{where}:{number}: {name} is banned, use {BANNED[name]}')
    return errors


def check(root):
    errors, count = [], 0
    for path in files(root):
        where, count = path.relative_to(root), count + 1
        errors += check_text(path, where)
        if path.suffix in ('.c', '.h'):
            errors += check_banned(path, where)
    if count == 0:
        errors.append('text: no file found')
    return errors, f'text: {count} files'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or f'{summary}, all clean')
    sys.exit(bool(found))
