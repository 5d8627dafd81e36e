#!/usr/bin/env python3
"""Each call that opens a descriptor sets CLOEXEC, so that none leaks into a child process. The umask, which all
threads share, is set in one place, before threads start.

Exceptions, such as dup2 onto a standard stream, are lines of MAY in this file, with a reason.

usage: descriptors.py [ROOT]
"""
import pathlib
import re
import sys

import text

# call -> what its arguments must contain; None: the call is forbidden, it has no such form
CALLS = {
    'open': 'O_CLOEXEC', 'openat': 'O_CLOEXEC', 'socket': 'SOCK_CLOEXEC', 'socketpair': 'SOCK_CLOEXEC',
    'accept': None, 'accept4': 'SOCK_CLOEXEC', 'pipe': None, 'pipe2': 'O_CLOEXEC', 'dup': None, 'dup2': None,
    'dup3': 'O_CLOEXEC', 'eventfd': 'EFD_CLOEXEC', 'inotify_init': None, 'inotify_init1': 'IN_CLOEXEC',
    'epoll_create': None, 'epoll_create1': 'EPOLL_CLOEXEC', 'signalfd': 'SFD_CLOEXEC', 'timerfd_create': 'TFD_CLOEXEC',
    'recvmsg': 'MSG_CMSG_CLOEXEC', 'memfd_create': 'MFD_CLOEXEC', 'fopen': 'e"', 'umask': None,
}
# file: call -> why
MAY = {
    'proxy/net/listen.c': {'dup2': 'onto a standard stream, which a command is to have'},
    'proxy/run/process/daemon.c': {'dup2': 'onto a standard stream', 'umask': 'before there are threads'},
    'proxy/run/command/command.c': {'dup2': 'onto a standard stream of the command'},
    'proxy/run/process/starter.c': {'dup2': 'onto standard streams, and onto what a child is to inherit'},
    'proxy/run/process/process_setup.c': {'open': 'the standard streams that the process was started without'},
}
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(CALLS) + r')\s*\(')
FLAGS = re.compile(r'\bflags\b|\b[A-Z_]*FLAGS\b')  # a parameter, or a macro of the file


def arguments(code, start):
    """The arguments of a call."""
    depth = 0
    for end in range(start, len(code)):
        depth += {'(': 1, ')': -1}.get(code[end], 0)
        if depth == 0:
            return code[start:end]
    return code[start:]


def check_file(path, where, used):
    code = path.read_text()
    blank = text.without_comments_and_strings(code)
    errors = []
    for match in CALL.finditer(blank):
        name, line = match.group(1), blank.count('\n', 0, match.start()) + 1
        wanted, given = CALLS[name], arguments(code, match.end() - 1)
        if wanted is not None and (wanted in given or FLAGS.search(given)):
            continue
        if name in MAY.get(str(where), {}):
            used.add((str(where), name))
        else:
            errors.append(f'{where}:{line}: {name} makes a descriptor without CLOEXEC' if name != 'umask'
                          else f'{where}:{line}: umask is shared by all threads')
    return errors


def check(root):
    errors, count, used = [], 0, set()
    for folder in ('config', 'proxy'):
        for path in sorted((root / folder).rglob('*.c')):
            if 'rebind' not in path.parts:  # runs inside other programs
                errors += check_file(path, path.relative_to(root), used)
                count += 1
    for where, calls in MAY.items():
        if (root / where).exists():
            errors += [f'{where}: does not call {name}, remove it from MAY' for name in calls if (where, name) not in used]
    return errors, f'descriptors: {count} files'


if __name__ == '__main__':
    found, summary = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())
    print('\n'.join(found) or f'{summary}, all closed on exec')
    sys.exit(bool(found))
