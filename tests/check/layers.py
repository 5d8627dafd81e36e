#!/usr/bin/env python3
"""Checks the includes of config/ and proxy/ against tests/check/LAYERS.

- every module (x.c, x.h) is listed in LAYERS, and every listed module exists;
- a file includes only modules above it in LAYERS, of its own folder or of folders that its folder sees; a seen folder
  is used and is above, so that folders have no cycles;
- a folder holds at most 12 modules;
- watched system headers (sockets, threads, libraries) only where LAYERS grants them, and a grant to
  a single module is used by it;
- pure layers take no clock, no descriptors and no log;
- x.c includes x.h first, so that each header is complete by itself.

usage: layers.py [ROOT]
"""
import pathlib
import re
import sys

MODULES_MAX = 12
WATCHED = ('uv.h', 'openssl/', 'yaml.h', 'pthread.h', 'threads.h', 'sys/socket.h', 'netinet/', 'netdb.h', 'jansson.h',
           'hiredis/')
PURE = ('codec', 'core')
IMPURE = ('time.h', 'sys/time.h', 'unistd.h', 'fcntl.h', 'poll.h', 'sys/epoll.h', 'signal.h')
IMPURE_FOLDERS = ('base/log',)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)', re.MULTILINE)


def is_within(folder, name):
    return folder == name or folder.startswith(f'{name}/')


class Folder:
    def __init__(self, name, sees):
        self.name, self.sees, self.seen, self.count = name, sees, set(), 0

    @property
    def layer(self):
        return self.name.split('/')[0]

    def can_see(self, other):
        for name in self.sees:
            if is_within(other, name):
                self.seen.add(name)
                return True
        return other == self.name


class Module:
    def __init__(self, path, folder, position, grants):
        self.path, self.folder, self.position, self.grants = path, folder, position, grants
        self.used_grants, self.exists = set(), False


class Page:
    """LAYERS: folders and modules by path, in order; libraries by layer; errors in the page itself."""

    def __init__(self, text):
        self.folders, self.modules, self.libs, self.errors = {}, {}, {}, []
        self.folder = None
        for number, line in enumerate(text.splitlines(), 1):
            code = line.split('#')[0]
            if code.strip():
                self.read(number, code.split(), line[0].isspace())

    def read(self, number, words, indented):
        if indented:
            self.read_modules(number, words)
        elif words[0] == 'libs':
            self.libs[words[1]] = words[2:]
        elif len(words) == 1 or (words[1] == 'sees' and len(words) > 2):
            self.folder = self.folders[words[0]] = Folder(words[0], words[2:])
            for name in words[2:]:
                if not any(is_within(above, name) for above in self.folders if above != words[0]):
                    self.errors.append(f'LAYERS:{number}: no folder above is called {name}')
        else:
            self.errors.append(f'LAYERS:{number}: expected "FOLDER sees FOLDER..."')

    def read_modules(self, number, words):
        if self.folder is None:
            self.errors.append(f'LAYERS:{number}: a module before the first folder')
            return
        for word in words:
            name, *grants = word.split('+')
            path = f'{self.folder.name}/{name}'
            if path in self.modules:
                self.errors.append(f'LAYERS:{number}: {path} is listed twice')
            self.modules[path] = Module(path, self.folder, len(self.modules), grants)
            self.folder.count += 1


def system_header_error(page, module, header):
    layer = module.folder.layer
    if layer in PURE and header in IMPURE:
        return f'<{header}> in a pure layer'
    if not header.startswith(WATCHED):
        return None
    for grant in module.grants:
        if header.startswith(grant):
            module.used_grants.add(grant)
            return None
    if any(header.startswith(lib) for lib in page.libs.get(layer, ())):
        return None
    return f'<{header}> is not for layer {layer}'


def own_header_error(page, module, header):
    path = header.rsplit('.', 1)[0]
    if path == module.path:
        return None
    if path not in page.modules:
        return f'"{header}" is no header of a listed module (write "folder/module.h")'
    other = page.modules[path]
    if not module.folder.can_see(other.folder.name):
        return f'"{header}": folder {module.folder.name} does not see it'
    if other.position > module.position:
        return f'"{header}" stands below {module.path} in LAYERS'
    if module.folder.layer in PURE and other.folder.name in IMPURE_FOLDERS:
        return f'"{header}" in a pure layer'
    return None


def check_file(root, file, page):
    where = file.relative_to(root)
    path = str(where.relative_to('proxy') if where.parts[0] == 'proxy' else where).rsplit('.', 1)[0]
    module = page.modules.get(path)
    if module is None:
        return [f'{where}: not listed in LAYERS']
    module.exists = True
    errors = []
    includes = INCLUDE.findall(file.read_text())
    if file.suffix == '.c' and file.with_suffix('.h').exists():
        if not includes or includes[0] != ('"', f'{path}.h'):
            errors.append(f'{where}: its first include must be "{path}.h"')
    for kind, header in includes:
        error = (system_header_error(page, module, header) if kind == '<'
                 else own_header_error(page, module, header))
        if error:
            errors.append(f'{where}: {error}')
    return errors


def check_page(page):
    """Errors in LAYERS that are known once every file has been read."""
    for folder in page.folders.values():
        if folder.count > MODULES_MAX:
            yield f'LAYERS: {folder.name} holds {folder.count} modules, at most {MODULES_MAX}: group them by subject'
        for name in folder.sees:
            if name not in folder.seen:
                yield f'LAYERS: {folder.name} includes nothing of {name}'
    for module in page.modules.values():
        if not module.exists:
            yield f'LAYERS: {module.path} does not exist'
            continue
        for grant in sorted(set(module.grants) - module.used_grants):
            yield f'LAYERS: {module.path} does not use its grant +{grant}'


def check(root):
    page = Page((root / 'tests/check/LAYERS').read_text())
    errors = page.errors
    for folder in ('config', 'proxy'):
        for file in sorted((root / folder).rglob('*.[ch]')):
            errors += check_file(root, file, page)
    errors += check_page(page)
    return errors, f'layers: {len(page.modules)} modules in {len(page.folders)} folders'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or f'{summary}, all in order')
    sys.exit(bool(found))
