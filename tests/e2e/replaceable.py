"""Bridges that run a copy of the binary, which a test replaces before an upgrade."""
import os
import shutil

from gateway import ANY, marked, write
from lab import BINARY


def start_copied(lab, **more):
    """With one route, and the options `more`. It has its `binary`, `file` and `config`."""
    binary, file = lab.folder / 'wsluice', lab.folder / 'gateway.yaml'
    shutil.copy(BINARY, binary)
    config = {'listeners': [{'address': ANY}], 'routes': [marked('/', lab.target())], **more}
    bridge = lab.start('--config', write(file, config), binary=binary)
    bridge.binary, bridge.file, bridge.config = binary, file, config
    return bridge


def install(bridge, script=None):
    """Puts a fresh copy, or a script, in the place of the bridge's binary."""
    new = bridge.binary.with_suffix('.new')
    if script:
        new.write_text(f'#!/bin/sh\n{script}\n')
        new.chmod(0o755)
    else:
        shutil.copy(BINARY, new)
    os.replace(new, bridge.binary)
