#!/usr/bin/env python3
"""Runs a command on a machine that executes the programs of another one: by itself if the kernel can, or else
through qemu-user. The kernel is told of qemu in a user namespace of the command's own (binfmt_misc, Linux 6.7), so
nothing changes for the rest of the machine. A kernel that knows the programs already needs no namespace.

usage: foreign.py MACHINE LOADER COMMAND...     LOADER: the other machine's dynamic loader, tried first
"""
import os
import shutil
import subprocess
import sys
import time

# machine: qemu's program, and of an ELF header the class (32 or 64 bits), the byte order and e_machine
MACHINES = {
    'arm64': ('qemu-aarch64', 2, 'little', 183),
    'armhf': ('qemu-arm', 1, 'little', 40),
    'i386': ('qemu-i386', 1, 'little', 3),
    's390x': ('qemu-s390x', 2, 'big', 22),
}
BINFMT = '/proc/sys/fs/binfmt_misc'
IDS = 65536  # users and groups of the namespace, each as outside


def rule(machine):
    """A line for binfmt_misc/register. P: argv[0] stays what the caller passed."""
    program, bits, order, number = MACHINES[machine]
    data = 1 if order == 'little' else 2
    magic = b'\x7fELF' + bytes([bits, data, 1]) + bytes(9) + (2).to_bytes(2, order) + number.to_bytes(2, order)
    mask = b'\xff' * 7 + bytes(9) + (0xfffe).to_bytes(2, order) + b'\xff\xff'
    magic, mask = (''.join(f'\\x{byte:02x}' for byte in text) for text in (magic, mask))
    path = shutil.which(program)
    if not path:
        sys.exit(f'foreign.py: {program} is missing: install qemu-user')
    return f':wsluice-{machine}:M::{magic}:{mask}:{path}:P'


def runs(loader):
    try:
        return subprocess.run([loader, '--version'], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def enter(machine, command, mapped):
    """Inside of the namespaces, once `mapped` says that its users are known."""
    os.read(mapped, 1)
    os.close(mapped)
    subprocess.run(['mount', '-t', 'binfmt_misc', 'none', BINFMT], check=True)
    with open(f'{BINFMT}/register', 'w', encoding='ascii') as file:
        file.write(rule(machine))
    os.environ['WSLUICE_EMULATED'] = MACHINES[machine][0]  # what of a process belongs to qemu is not tested then
    os.environ.setdefault('WSLUICE_TEST_STRIDE', '17')  # of the tests that shake hands at each byte: see tests/lib/stride.h
    os.execvp(command[0], command)


def in_namespaces(machine, command):
    waiting, mapped = os.pipe()
    own = os.readlink('/proc/self/ns/user')
    with subprocess.Popen(['unshare', '--user', '--mount', sys.executable, __file__, f'--inside={waiting}', machine,
                           *command], pass_fds=[waiting]) as child:
        os.close(waiting)
        while child.poll() is None and os.readlink(f'/proc/{child.pid}/ns/user') == own:
            time.sleep(0.01)
        ids = IDS if os.geteuid() == 0 else 1
        if ids == 1:  # without the right to change groups, the namespace gives that up first
            with open(f'/proc/{child.pid}/setgroups', 'w', encoding='ascii') as file:
                file.write('deny')
        for kind in 'uid', 'gid':
            own_id = os.geteuid() if kind == 'uid' else os.getegid()
            with open(f'/proc/{child.pid}/{kind}_map', 'w', encoding='ascii') as file:
                file.write(f'0 {0 if ids > 1 else own_id} {ids}')
        os.write(mapped, b'.')
        os.close(mapped)
        return child.wait()


def main(arguments):
    if arguments and arguments[0].startswith('--inside='):
        enter(arguments[1], arguments[2:], int(arguments[0].split('=')[1]))
    if len(arguments) < 3 or arguments[0] not in MACHINES:
        sys.exit(__doc__)
    machine, loader, *command = arguments
    if runs(loader):
        os.execvp(command[0], command)
    if in_namespaces(machine, [sys.executable, '-c', 'import sys,subprocess as s;sys.exit(s.call(sys.argv[1:],stdout=s.DEVNULL))',
                               loader, '--version']):
        sys.exit(f'foreign.py: the kernel cannot run programs of {machine}: install qemu-user-binfmt, or take Linux 6.7')
    sys.exit(in_namespaces(machine, command))


if __name__ == '__main__':
    main(sys.argv[1:])
