#!/usr/bin/env python3
"""Who may include whom: enforces tests/check/LAYERS over config/ and proxy/.

- every module (x.c, x.h) is listed in LAYERS, and every listed module exists;
- a file includes only what stands above it in LAYERS, and only layers that its layer sees;
- watched system headers (sockets, threads, libraries) only where LAYERS grants them, and a grant to
  a single module is used by it;
- pure layers take no clock, no descriptors and no log;
- x.c includes x.h first, so that no header leans on another.

usage: layers.py [ROOT]
"""
import pathlib
import re
import sys

WATCHED = ('uv.h', 'openssl/', 'yaml.h', 'pthread.h', 'threads.h', 'sys/socket.h', 'netinet/', 'netdb.h')
PURE = ('codec', 'core')
IMPURE = ('time.h', 'sys/time.h', 'unistd.h', 'fcntl.h', 'poll.h', 'sys/epoll.h', 'signal.h')
IMPURE_MODULES = ('base/log',)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)', re.MULTILINE)


class Layer:
    def __init__(self, name, sees, libs):
        self.name, self.sees, self.libs = name, sees, libs

    def sees_header(self, header):
        other = header.split('/')[0]
        return other == self.name or '*' in self.sees or other in self.sees or header in self.sees


class Module:
    def __init__(self, path, layer, position, grants):
        self.path, self.layer, self.position, self.grants = path, layer, position, grants
        self.used_grants, self.exists = set(), False


def read_layers(text):
    """The modules by path ("core/pipe"), in order, and what is wrong with the page itself."""
    modules, errors, layer = {}, [], None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split('#')[0].split()
        if not words:
            continue
        if words[0] == 'layer':
            if len(words) != 6 or words[2] != 'sees' or words[4] != 'libs':
                errors.append(f'LAYERS:{number}: expected "layer NAME sees A,B libs C,D"')
                continue
            layer = Layer(words[1], words[3].split(','), words[5].split(','))
        elif layer is None:
            errors.append(f'LAYERS:{number}: a module before the first layer')
        else:
            for word in words:
                name, *grants = word.split('+')
                path = f'{layer.name}/{name}'
                if path in modules:
                    errors.append(f'LAYERS:{number}: {path} is listed twice')
                modules[path] = Module(path, layer, len(modules), grants)
    return modules, errors


def system_header_error(module, header):
    if module.layer.name in PURE and header in IMPURE:
        return f'<{header}> in a pure layer'
    if not header.startswith(WATCHED):
        return None
    for grant in module.grants:
        if header.startswith(grant):
            module.used_grants.add(grant)
            return None
    if any(header.startswith(lib) for lib in module.layer.libs):
        return None
    return f'<{header}> is not for layer {module.layer.name}'


def own_header_error(module, header, modules):
    path = header.rsplit('.', 1)[0]
    if path == module.path:
        return None
    if path not in modules:
        return f'"{header}" is no header of a listed module (write "layer/module.h")'
    if not module.layer.sees_header(header):
        return f'"{header}": layer {module.layer.name} does not see it'
    if modules[path].position > module.position:
        return f'"{header}" stands below {module.path} in LAYERS'
    if module.layer.name in PURE and path in IMPURE_MODULES:
        return f'"{header}" in a pure layer'
    return None


def check_file(root, file, modules):
    where = file.relative_to(root)
    path = '/'.join(file.parts[-2:]).rsplit('.', 1)[0]
    module = modules.get(path)
    if module is None:
        return [f'{where}: not listed in LAYERS']
    module.exists = True
    errors = []
    includes = INCLUDE.findall(file.read_text())
    if file.suffix == '.c' and file.with_suffix('.h').exists():
        if not includes or includes[0] != ('"', f'{path}.h'):
            errors.append(f'{where}: its first include must be "{path}.h"')
    for kind, header in includes:
        error = (system_header_error(module, header) if kind == '<'
                 else own_header_error(module, header, modules))
        if error:
            errors.append(f'{where}: {error}')
    return errors


def check(root):
    modules, errors = read_layers((root / 'tests/check/LAYERS').read_text())
    for folder in ('config', 'proxy'):
        for file in sorted((root / folder).rglob('*.[ch]')):
            errors += check_file(root, file, modules)
    for module in modules.values():
        if not module.exists:
            errors.append(f'LAYERS: {module.path} does not exist')
            continue
        for grant in sorted(set(module.grants) - module.used_grants):
            errors.append(f'LAYERS: {module.path} does not use its grant +{grant}')
    return errors, f'layers: {len(modules)} modules'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or f'{summary}, all in order')
    sys.exit(bool(found))
