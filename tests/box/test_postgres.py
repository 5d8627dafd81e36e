"""The recipe for Postgres from JavaScript: Neon's driver from npm, Debian's PostgreSQL, and the bridge between them."""
import os
import pathlib
import re
import subprocess

import pytest
from postgres import Postgres
from ports import free_port
from recipes import CONTRIB, folder_for, gateway, recipe, replaced, shell

HERE = pathlib.Path(__file__).parent
WS = HERE.parent / 'e2e/node_modules/ws/wrapper.mjs'


@pytest.fixture(name='here')
def fixture_here(lab, certs):
    folder = folder_for(lab, certs)
    (folder / 'node_modules').symlink_to(HERE / 'node_modules')
    return folder


@pytest.fixture(name='database')
def fixture_database(lab):
    database = Postgres(lab, free_port(), 'app', 'secret', 'shop')
    yield database
    database.close()


def node(here, text):
    """(exit status, output) of a script, with the line for Node.js before 22 where it is needed. Debian 12 has 18, which
    lacks only what the driver expects to be global."""
    said = subprocess.run(['node', '--version'], capture_output=True, text=True, check=True).stdout
    version = int(said[1:].split('.')[0])
    if version < 22:
        line = re.search('`(neonConfig.webSocketConstructor = ws;)`', (CONTRIB / 'recipes/services.md').read_text()).group(1)
        text = text.replace('\n\n', f'\nimport ws from "{WS}";\n{line}\n', 1)
    if version < 19:
        text = f'import {{ webcrypto }} from "crypto";\nglobalThis.crypto = webcrypto;\n{text}'
    (here / 'script.mjs').write_text(text)
    result = subprocess.run(['node', 'script.mjs'], cwd=here, capture_output=True, text=True, check=False, timeout=30,
                            stdin=subprocess.DEVNULL)
    return result.returncode, result.stdout + result.stderr


def test_psql_through_a_forward(lab, here, database):
    """The recipe for any TCP program; tests/box/test_recipes.py starts the forward as it is written there."""
    (_, _), (_, program), (_, _), (_, _) = recipe('Any TCP program through a WebSocket')
    gate = lab.start('127.0.0.1:0', f'127.0.0.1:{database.port}')
    bridge = shell(lab, here, f'wsluice forward 127.0.0.1:0 ws://127.0.0.1:{gate.port}/db')
    words = [*replaced(program, port=('5432', bridge.port)).split(), '-U', 'app', '-d', 'shop', '-At', '-c', 'select 6 * 7']
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30,
                          env={**os.environ, 'PGPASSWORD': 'secret'})
    assert said.stdout == '42\n', said.stderr


def test_postgres_from_javascript(lab, here, database):
    (_, quick), (_, script), (_, names), (_, file) = recipe('Postgres from JavaScript')
    bridge = shell(lab, here, replaced(quick, port=('127.0.0.1:5433', '127.0.0.1:0'),
                                       target=('localhost:5432', f'127.0.0.1:{database.port}')))
    status, said = node(here, replaced(script, bridge=('localhost:5433', f'127.0.0.1:{bridge.port}')))
    assert (status, said) == (0, 'the answer is 42\n'), said

    shell(lab, here, replaced(names, target=('5432: db.internal:5432', f'5432: 127.0.0.1:{database.port}')))
    bridge = gateway(lab, here, replaced(file, port=(':5433', '127.0.0.1:0')))
    page = ('"localhost:5433/v1";', f'"127.0.0.1:{bridge.port}/v1";')
    status, said = node(here, replaced(script, bridge=page))
    assert (status, said) == (0, 'the answer is 42\n'), said
    status, said = node(here, replaced(script, bridge=page, database=('@db.internal', '@elsewhere.internal')))
    assert status != 0 and '404' in said, said
    assert bridge.session(reason='token_unknown')
