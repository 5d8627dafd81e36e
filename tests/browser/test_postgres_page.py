"""The recipe for Postgres from JavaScript, in a page of Chromium; tests/box/test_postgres.py has Node.js and the gateway."""
import json
import pathlib

import gateway
import pytest
from ports import free_port
from postgres import Postgres
from recipes import folder_for, recipe, replaced, shell

DRIVER = pathlib.Path(__file__).parents[1] / 'box/node_modules/@neondatabase/serverless'


@pytest.fixture(name='database')
def fixture_database(lab):
    database = Postgres(lab, free_port(), 'app', 'secret', 'shop')
    yield database
    database.close()


@pytest.mark.slow
def test_postgres_from_a_page(lab, certs, tab, database):
    (_, quick), (_, script), _, _ = recipe('Postgres from JavaScript')
    here = folder_for(lab, certs)
    bridge = shell(lab, here, replaced(quick, port=('127.0.0.1:5433', '127.0.0.1:0'),
                                       target=('localhost:5432', f'127.0.0.1:{database.port}')))
    imports = json.dumps({'imports': {'@neondatabase/serverless': '/driver/index.mjs'}})
    script = replaced(script, bridge=('localhost:5433', f'127.0.0.1:{bridge.port}'),
                      shown=('console.log(', 'document.body.append('))
    (here / 'web/page.html').write_text(f'<!doctype html><link rel="icon" href="data:,"><body>'
                                        f'<script type="importmap">{imports}</script>'
                                        f'<script type="module">{script}</script>')
    pages = gateway.start(lab, [{'path': '/*', 'files': str(here / 'web')}, {'path': '/driver/*', 'files': str(DRIVER)}])
    page = tab()
    page.goto(f'http://localhost:{pages.port}/page.html')
    page.wait_text('body', 'the answer is 42')
