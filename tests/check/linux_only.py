#!/usr/bin/env python3
"""What only Linux has stands in one module each, as tests/check/LINUX says.

- a word of LINUX occurs in the code of its module (x.c, x.h), and in no other module;
- a module whose one word is "*" is Linux's as a whole, and may use every word;
- each header below linux/ and each system call by its number (SYS_*) is on the page;
- proxy/README.md names each module of the page, where it says what a port would write.

The shim of proxy/rebind runs inside other programs and is left out: it is a loader's feature, not the kernel's.

usage: linux_only.py [ROOT]
"""
import pathlib
import re
import sys

import text

PAGE = 'tests/check/LINUX'
FOLDERS = ('config', 'proxy')
LEFT_OUT = ('proxy/rebind', 'proxy/pages')
HEADER = re.compile(r'#[ \t]*include[ \t]*<([^>\n]+)>')
COMMENT = re.compile(r'/\*.*?\*/', re.DOTALL)
STRING_PATH = re.compile(r'"[^"\n/ ]*(/(?:proc|sys)\b[^"\n]*)"')


def read_page(content):
    """word -> module"""
    words, errors = {}, []
    for number, line in enumerate(content.splitlines(), 1):
        module, *found = line.split('#')[0].split() or ['']
        for word in found:
            if word == '*':
                word = f'{module} *'
            if word in words:
                errors.append(f'{PAGE}:{number}: {word} is listed twice')
            words[word] = module
        if module and not found:
            errors.append(f'{PAGE}:{number}: {module} without a word')
    return words, errors


class Code:
    """What a file names: headers, identifiers and the paths in its strings."""

    def __init__(self, content):
        code = text.without_comments_and_strings(content)
        self.headers = set(HEADER.findall(code))
        self.identifiers = set(re.findall(r'[A-Za-z_]\w*', HEADER.sub('', code)))
        self.paths = set(STRING_PATH.findall(COMMENT.sub('', content)))

    def uses(self, word):
        if word.startswith('/'):
            return any(f'{path}/'.startswith(f'{word}/') for path in self.paths)
        if word.endswith('*'):
            return any(name.startswith(word[:-1]) for name in self.identifiers)
        return word in (self.headers if '/' in word else self.identifiers)

    def always(self):
        """What has to be on the page."""
        return {name for name in self.headers if name.startswith('linux/')} | \
               {name for name in self.identifiers if name.startswith(('SYS_', '__NR_'))}


def modules(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob('*.[ch]')):
            where = path.relative_to(root)
            if not str(where).startswith(LEFT_OUT):
                name = str(where.relative_to('proxy') if where.parts[0] == 'proxy' else where).rsplit('.', 1)[0]
                yield name, where, path


def check_file(name, where, code, words, used):
    errors = []
    if words.get(f'{name} *'):
        used.add(f'{name} *')
        return errors
    for word, module in words.items():
        if ' ' in word or not code.uses(word):
            continue
        if name == module:
            used.add(word)
        else:
            errors.append(f'{where}: {word} is for {module} alone (see {PAGE})')
    return errors + [f'{where}: {word} is only on Linux: name its module in {PAGE}'
                     for word in sorted(code.always() - set(words))]


def check(root):
    words, errors = read_page((root / PAGE).read_text())
    used, count = set(), 0
    for name, where, path in modules(root):
        errors += check_file(name, where, Code(path.read_text()), words, used)
        count += 1
    errors += [f'{PAGE}: {words[word]} does not use {word}' if ' ' not in word else f'{PAGE}: {words[word]} is not there'
               for word in words if word not in used]
    described = (root / 'proxy/README.md').read_text()
    for module in dict.fromkeys(words.values()):
        if f'({module}.h)' not in described:
            errors.append(f'proxy/README.md: the table of what only Linux has does not name ({module}.h)')
    return errors, f'linux_only: {len(words)} words of {len(set(words.values()))} modules, {count} files'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or f'{summary}, each in its place')
    sys.exit(bool(found))
