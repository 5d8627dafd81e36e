"""Files of a folder, as a browser asks for them."""
import email.utils
import gzip
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import gateway
import pytest
from browse import WHOLE, get, make_site, visit
from gateway import ANY, start
from lab import run
from wire import pattern, until


@pytest.fixture
def root(tmp_path):
    return make_site(tmp_path)


def serve(lab, root, path='/*', *, listeners=({'address': ANY},), route=None, **files):
    bridge = start(lab, [{'path': path, 'files': {'root': str(root), **files}, **(route or {})}], listeners)
    return bridge.endpoints[0]


# ---- what a page needs ----

TYPES = {
    'vnc.html': 'text/html; charset=utf-8', 'core/rfb.js': 'text/javascript; charset=utf-8',
    'core/util.mjs': 'text/javascript; charset=utf-8', 'core/style.css': 'text/css; charset=utf-8',
    'core/data.json': 'application/json', 'core/decoder.wasm': 'application/wasm', 'core/font.woff2': 'font/woff2',
    'core/icon.svg': 'image/svg+xml', 'core/app.js.map': 'application/json', 'core/bell.oga': 'audio/ogg',
    'core/site.webmanifest': 'application/manifest+json', 'core/note.txt': 'text/plain; charset=utf-8',
    'core/noext': 'application/octet-stream',
}


def test_a_page_and_all_its_files_over_one_connection(lab, root):
    browser = visit(lab, serve(lab, root))
    for name, media_type in TYPES.items():
        answer = browser.ask(f'/{name}')
        assert answer.status == 200
        assert answer.body == (root / name).read_bytes()
        assert answer.fields['content-type'] == media_type
        assert answer.fields['x-content-type-options'] == 'nosniff'
        assert answer.fields['cache-control'] == 'no-cache'
        assert answer.fields['accept-ranges'] == 'bytes'
        assert re.fullmatch(r'"[0-9a-f]+-[0-9a-f]+\.[0-9a-f]+"', answer.fields['etag'])
        modified = email.utils.parsedate_to_datetime(answer.fields['last-modified'])
        assert int(modified.timestamp()) == int((root / name).stat().st_mtime)
    browser.client.hang_up()


def test_requests_in_a_row_are_answered_in_their_order(lab, root):
    browser = visit(lab, serve(lab, root))
    names = list(TYPES) * 20
    for name in names:
        browser.send(f'/{name}')
    for name in names:
        assert browser.hear().body == (root / name).read_bytes()
    browser.client.hang_up()


@pytest.mark.parametrize('tls', (False, True))
def test_a_large_file_comes_whole(lab, root, certs, tls):
    (root / 'huge.bin').write_bytes(pattern(20 << 20))
    listener = {'address': ANY}
    if tls:
        listener['tls'] = {'certificates': [{'certificate': certs.rsa, 'key': certs.rsa_key}]}
    endpoint = serve(lab, root, listeners=[listener])
    connection = {'context': certs.context()} if tls else None
    answer = get(lab, endpoint, '/huge.bin', connection=connection)
    assert answer.body == pattern(20 << 20)
    answer = get(lab, endpoint, '/huge.bin', connection=connection, fields={'Range': 'bytes=5000000-15000000'})
    assert answer.status == 206
    assert answer.body == pattern(20 << 20)[5000000:15000001]


def test_names_with_spaces_and_umlauts(lab, root):
    endpoint = serve(lab, root)
    assert get(lab, endpoint, '/a%20b/c&d.txt').body == b'spaces'
    assert get(lab, endpoint, '/b%C3%BC.txt').body == b'umlaut'
    assert get(lab, endpoint, '/b\xc3\xbc.txt').status == 400  # no URI has them raw
    assert get(lab, endpoint, '/encoded/%252e%252e').body == b'literal'  # escaped twice: decoded once
    assert get(lab, endpoint, '/core/../core/note.txt').status == 400


def test_head_says_what_get_says(lab, root):
    browser = visit(lab, serve(lab, root, listing=True))
    for path in ('/vnc.html', '/big.bin', '/nothing', '/core', '/core/', '/'):
        head, whole = browser.ask(path, method='HEAD'), browser.ask(path)
        assert head.status == whole.status
        assert {**head.fields, 'date': ''} == {**whole.fields, 'date': ''}
    browser.client.hang_up()


def test_only_get_and_head(lab, root):
    endpoint = serve(lab, root)
    for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get'):
        assert get(lab, endpoint, '/vnc.html', method=method).status == 405
    assert (root / 'vnc.html').exists()


# ---- conditions and ranges ----

def test_not_modified(lab, root):
    browser = visit(lab, serve(lab, root))
    first = browser.ask('/vnc.html')
    tag, date = first.fields['etag'], first.fields['last-modified']
    for fields in ({'If-None-Match': tag}, {'If-None-Match': f'"x", W/{tag}'}, {'If-None-Match': '*'},
                   {'If-Modified-Since': date}, {'If-None-Match': tag, 'If-Modified-Since': 'x'}):
        answer = browser.ask('/vnc.html', fields=fields)
        assert answer.status == 304
        assert answer.fields['etag'] == tag
        assert answer.fields['cache-control'] == 'no-cache'
        assert 'content-length' not in answer.fields
    for fields in ({'If-None-Match': '"x"'}, {'If-None-Match': '"x"', 'If-Modified-Since': date},
                   {'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT'}):
        assert browser.ask('/vnc.html', fields=fields).status == 200
    assert browser.ask('/vnc.html', fields={'If-Match': '"x"'}).status == 412
    (root / 'vnc.html').write_text('new')
    changed = browser.ask('/vnc.html', fields={'If-None-Match': tag})
    assert changed.status == 200
    assert changed.body == b'new'
    assert changed.fields['etag'] != tag
    browser.client.hang_up()


def test_ranges(lab, root):
    whole = (root / 'big.bin').read_bytes()
    browser = visit(lab, serve(lab, root))
    for value, part in (('bytes=0-0', slice(0, 1)), ('bytes=100-199', slice(100, 200)), ('bytes=-10', slice(-10, None)),
                        ('bytes=1048000-', slice(1048000, None)), ('bytes=5-99999999999', slice(5, None))):
        answer = browser.ask('/big.bin', fields={'Range': value})
        assert answer.status == 206
        assert answer.body == whole[part]
        first, last, size = map(int, re.fullmatch(r'bytes (\d+)-(\d+)/(\d+)', answer.fields['content-range']).groups())
        assert (first, last + 1, size) == part.indices(len(whole))[:2] + (len(whole),)
    beyond = browser.ask('/big.bin', fields={'Range': 'bytes=1048576-'})
    assert beyond.status == 416
    assert beyond.fields['content-range'] == 'bytes */1048576'
    for value in ('bytes=0-1,4-5', 'bytes=9-2', 'lines=1-2', 'bytes=x'):
        assert browser.ask('/big.bin', fields={'Range': value}).body == whole
    tag = browser.ask('/big.bin', method='HEAD').fields['etag']
    assert browser.ask('/big.bin', fields={'Range': 'bytes=0-1', 'If-Range': tag}).status == 206
    assert browser.ask('/big.bin', fields={'Range': 'bytes=0-1', 'If-Range': '"x"'}).status == 200
    browser.client.hang_up()


def test_an_empty_file(lab, root):
    (root / 'none.txt').write_bytes(b'')
    browser = visit(lab, serve(lab, root))
    assert browser.ask('/none.txt').fields['content-length'] == '0'
    assert browser.ask('/none.txt', fields={'Range': 'bytes=0-'}).status == 416
    assert browser.ask('/none.txt', fields={'Range': 'bytes=-5'}).status == 200
    browser.client.hang_up()


# ---- precompressed ----

def test_a_compressed_neighbour_is_sent_instead(lab, root):
    browser = visit(lab, serve(lab, root))
    tags = set()
    for accepted, coding, body in (('gzip, deflate, br', 'br', b'a brotli stream'), ('gzip', 'gzip', None),
                                   ('br;q=0.1, gzip;q=0.9', 'gzip', None), ('identity', None, b'plain'),
                                   ('gzip;q=0', None, b'plain'), (None, None, b'plain')):
        answer = browser.ask('/packed.js', fields={'Accept-Encoding': accepted} if accepted else None)
        assert answer.status == 200
        assert answer.fields.get('content-encoding') == coding
        assert (gzip.decompress(answer.body) if body is None else answer.body) == (body or b'plain')
        assert answer.fields['content-type'] == 'text/javascript; charset=utf-8'
        assert answer.fields['vary'] == 'Accept-Encoding'
        tags.add(answer.fields['etag'])
        again = browser.ask('/packed.js', fields={'Accept-Encoding': accepted or 'identity',
                                                  'If-None-Match': answer.fields['etag']})
        assert again.status == 304
    assert len(tags) == 3
    browser.client.hang_up()


def test_a_stale_neighbour_is_left_alone(lab, root):
    now = time.time()
    os.utime(root / 'packed.js', (now + 60, now + 60))
    os.utime(root / 'packed.js.gz', (now + 90, now + 90))
    endpoint = serve(lab, root)
    assert get(lab, endpoint, '/packed.js', fields={'Accept-Encoding': 'br'}).body == b'plain'
    assert 'content-encoding' in get(lab, endpoint, '/packed.js', fields={'Accept-Encoding': 'br, gzip'}).fields


def test_neighbours_that_are_no_files(lab, root):
    os.mkfifo(root / 'vnc.html.gz')
    os.symlink('../secret', root / 'vnc.html.br')
    answer = get(lab, serve(lab, root), '/vnc.html', fields={'Accept-Encoding': 'gzip, br'})
    assert answer.body == (root / 'vnc.html').read_bytes()
    assert 'content-encoding' not in answer.fields


def test_without_precompressed(lab, root):
    answer = get(lab, serve(lab, root, precompressed=False), '/packed.js', fields={'Accept-Encoding': 'gzip, br'})
    assert answer.body == b'plain'
    assert 'vary' not in answer.fields


# ---- folders ----

def test_folders_and_their_index(lab, root):
    browser = visit(lab, serve(lab, root))
    assert browser.ask('/').body == (root / 'index.html').read_bytes()
    assert browser.ask('/old/').body == b'old index'
    assert browser.ask('/old').status == 301
    assert browser.ask('/core/').status == 404  # no index, and no listing
    assert browser.ask('/index.html/').status == 404
    browser.client.hang_up()


@pytest.mark.parametrize('sent, location', (
    ('/old', './old/'), ('/old?a=1&b=/x', './old/?a=1&b=/x'), ('//old', './old/'), ('/%6fld', './old/'),
    ('/a%20b', './a%20b/'), ('/old?', './old/?'), ('http://evil.example/old', './old/'),
))
def test_a_folder_is_asked_for_with_a_slash(lab, root, sent, location):
    answer = get(lab, serve(lab, root), sent, host='evil.example')
    assert answer.status == 301
    assert answer.fields['location'] == location


def test_under_a_prefix_and_a_base_path(lab, root):
    bridge = start(lab, [{'path': '/novnc/*', 'files': str(root)}],
                   [{'address': ANY}, {'address': ANY, 'base_path': '/desk'}])
    for endpoint, prefix in zip(bridge.endpoints, ('', '/desk')):
        browser = visit(lab, endpoint)
        assert browser.ask(f'{prefix}/novnc/core/note.txt').body == b'note'
        assert browser.ask(f'{prefix}/novnc/').body == (root / 'index.html').read_bytes()
        assert browser.ask(f'{prefix}/novnc/old').fields['location'] == './old/'
        assert browser.ask(f'{prefix}/core/note.txt').status == 404
        answer = browser.ask(f'{prefix}/novnc?autoconnect=1')
        assert (answer.status, answer.fields['location']) == (301, './novnc/?autoconnect=1')
        assert browser.ask(f'{prefix}/novnc', method='HEAD').status == 301
        browser.client.hang_up()


def test_a_base_path_without_its_slash(lab, root):
    endpoint = serve(lab, root, listeners=[{'address': ANY, 'base_path': '/desk'}])
    for sent, location in (('/desk', './desk/'), ('//desk?a', './desk/?a'), ('/desk/old', './old/')):
        answer = get(lab, endpoint, sent)
        assert (answer.status, answer.fields['location']) == (301, location)
    assert get(lab, endpoint, '/desk/').body == (root / 'index.html').read_bytes()
    assert get(lab, endpoint, '/').status == 404


def test_a_route_without_the_slash_comes_first(lab, root):
    bridge = start(lab, [{'path': '/novnc/*', 'files': str(root)}, {'path': '/novnc', 'health': 'live'},
                         {'path': '/desk/*', 'target': gateway.there(lab.target())}],
                   [{'address': ANY}, {'address': ANY, 'base_path': '/all'}])
    assert get(lab, bridge.endpoints[0], '/novnc').status == 200
    assert get(lab, bridge.endpoints[0], '/desk').status == 404
    assert get(lab, bridge.endpoints[0], '/novn').status == 404
    assert get(lab, bridge.endpoints[1], '/all').status == 404


def test_a_route_of_one_file(lab, root):
    bridge = start(lab, [{'path': '/note', 'files': str(root / 'core/note.txt')},
                         {'path': '/', 'files': str(root)}])
    endpoint = bridge.endpoints[0]
    assert get(lab, endpoint, '/note').body == b'note'
    assert get(lab, endpoint, '/note').fields['content-type'] == 'text/plain; charset=utf-8'
    assert get(lab, endpoint, '/').body == (root / 'index.html').read_bytes()
    assert get(lab, endpoint, '/note/').status == 404
    assert get(lab, endpoint, '/vnc.html').status == 404


def test_a_listing(lab, root):
    (root / 'core/<b>&"\'.txt').write_text('')
    (root / 'core/sub').mkdir()
    os.symlink('../../secret', root / 'core/leads_out')
    os.symlink('note.txt', root / 'core/link')
    answer = get(lab, serve(lab, root, listing=True), '/core/')
    page = answer.body.decode()
    assert answer.status == 200
    assert answer.fields['content-type'] == 'text/html; charset=utf-8'
    assert "default-src 'none'" in answer.fields['content-security-policy']
    assert '&lt;b&gt;&amp;&quot;&#39;.txt' in page
    assert '<b>' not in page
    assert 'href="./%3Cb%3E%26%22%27.txt"' in page
    assert page.index('./sub/') < page.index('./app.js.map') < page.index('./rfb.js')
    assert './link"' in page and 'leads_out' not in page and 'href="../"' in page
    home = get(lab, serve(lab, root / 'core', listing=True), '/').body.decode()
    assert 'href="../"' not in home
    shown = re.findall(r'href="\./([^"]+)"', page)
    endpoint = serve(lab, root, listing=True)
    assert all(get(lab, endpoint, f'/core/{name}').status == 200 or name == 'sub/' for name in shown)


def test_a_listing_shows_only_what_is_served(lab, root):
    (root / 'index.html').unlink()
    page = get(lab, serve(lab, root, listing=True), '/').body.decode()
    names = re.findall(r'href="\./([^"]+)"', page)
    assert {'core/', 'vnc.html', 'inner', 'b%C3%BC.txt', 'a%20b/'} <= set(names)
    assert not {'.git/', '.hidden', 'fifo', 'out', 'passwd', 'yard/', 'loop', 'proc/', 'through'} & set(names)


def test_a_folder_of_very_many(lab, root):
    for number in range(2500):
        (root / f'core/{number}').touch()
    page = get(lab, serve(lab, root, listing=True), '/core/').body.decode()
    assert 'Only 2000 entries' in page


@pytest.mark.threads
def test_clients_that_do_not_wait_for_the_disk(lab, root):
    for number in range(2500):
        (root / f'core/{number}').touch()
    bridge = start(lab, [{'path': '/*', 'files': {'root': str(root), 'listing': True}}])
    endpoint = bridge.endpoints[0]
    for _ in range(3):
        browsers = [visit(lab, endpoint) for _ in range(30)]
        for browser in browsers:
            browser.send('/core/')
            browser.send('/vnc.html')
        for browser in browsers[::2]:
            browser.client.reset()
        for browser in browsers[1::2]:
            assert 'Only 2000 entries' in browser.hear().body.decode()
            assert browser.hear().body == (root / 'vnc.html').read_bytes()
            browser.client.hang_up()
    leaving = [visit(lab, endpoint) for _ in range(30)]
    for browser in leaving:
        browser.send('/core/')
    bridge.signal(signal.SIGTERM)  # with questions out
    assert bridge.wait() == 0


# ---- pages of an application ----

def test_a_fallback_for_pages_only(lab, root):
    endpoint = serve(lab, root, fallback='index.html')
    home = (root / 'index.html').read_bytes()
    page = {'Accept': WHOLE}
    for path in ('/settings', '/user/7', '/core/', '/a/b/c/'):
        answer = get(lab, endpoint, path, fields=page)
        assert (answer.status, answer.body) == (200, home)
    for path in ('/missing.js', '/core/missing.css', '/.git/config', '/.hidden', '/missing.js/'):
        assert get(lab, endpoint, path, fields=page).status == 404
    assert get(lab, endpoint, '/settings', fields={'Accept': '*/*'}).status == 404
    assert get(lab, endpoint, '/settings').status == 404
    assert get(lab, endpoint, '/vnc.html', fields=page).body != home


# ---- fields ----

def test_isolation_and_policy(lab, root):
    fields = get(lab, serve(lab, root, isolated=True, content_security_policy="default-src 'self'",
                            cache_control='max-age=60'), '/vnc.html').fields
    assert fields['cross-origin-opener-policy'] == 'same-origin'
    assert fields['cross-origin-embedder-policy'] == 'require-corp'
    assert fields['content-security-policy'] == "default-src 'self'"
    assert fields['cache-control'] == 'max-age=60'
    plain = get(lab, serve(lab, root), '/vnc.html').fields
    assert not {'cross-origin-opener-policy', 'content-security-policy'} & set(plain)


def test_the_fields_of_the_route_win(lab, root):
    client = lab.connect(serve(lab, root, route={'headers': {'cache-control': 'max-age=9', 'X-Mine': 'yes'}}))
    client.send(b'GET /vnc.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    while client.fill():
        pass
    head = bytes(client.pending).split(b'\r\n\r\n')[0].lower()
    client.hang_up()
    assert head.count(b'cache-control') == 1 and b'cache-control: max-age=9' in head
    assert head.count(b'x-mine: yes') == 1


# ---- the quick command line ----

def test_web_beside_a_bridge(lab, root, certs):
    target = lab.target()
    bridge = lab.start(f'--web={root}', f'--cert={certs.rsa}', f'--key={certs.rsa_key}', target=target)
    for context in (None, certs.context()):
        connection = {'context': context}
        assert get(lab, bridge, '/vnc.html', connection=connection).body == (root / 'vnc.html').read_bytes()
        assert get(lab, bridge, '/core', connection=connection).status == 301
        assert './rfb.js' in get(lab, bridge, '/core/', connection=connection).body.decode()
        assert get(lab, bridge, '/nothing', connection=connection).status == 404
        for path in ('/', '/websockify', '/vnc.html', '/nothing'):
            client = lab.open(bridge, upgrade={'path': path}, **connection)
            assert client.binary(b'through').data(7) == b'through'
            client.bye()


def test_file_only(lab, root):
    bridge = lab.start('--web', root, '--file-only', target=lab.target())
    assert get(lab, bridge, '/core/').status == 404
    assert get(lab, bridge, '/').status == 200


def test_an_upgrade_after_files_on_the_same_connection(lab, root):
    bridge = lab.start('--web', root, target=lab.target())
    browser = visit(lab, bridge)
    assert browser.ask('/vnc.html').status == 200
    client = browser.client.upgrade(path='/websockify')
    assert client.binary(b'through').data(7) == b'through'
    client.bye()


# ---- the root itself ----

def test_a_root_that_is_not_there_is_told_at_the_start(lab, tmp_path):
    file = gateway.write(tmp_path / 'a.yaml', {'listeners': [{'address': ANY}], 'routes': [
        {'path': '/*', 'files': str(tmp_path / 'nothing')}]})
    status, _, error = run('--config', file)
    assert status != 0
    assert 'files.root' in error and 'nothing: No such file' in error
    status, _, error = run('--web', tmp_path / 'nothing', '127.0.0.1:0', '127.0.0.1:1')
    assert status != 0
    assert 'nothing: No such file' in error


def test_a_folder_needs_a_prefix(lab, tmp_path, root):
    file = gateway.write(tmp_path / 'a.yaml', {'listeners': [{'address': ANY}], 'routes': [
        {'path': '/novnc', 'files': str(root)}]})
    status, _, error = run('--config', file)
    assert status != 0
    assert '/*' in error


def test_a_reload_opens_the_root_anew(lab, root):
    bridge = start(lab, [{'path': '/*', 'files': str(root)}])
    endpoint = bridge.endpoints[0]
    assert get(lab, endpoint, '/core/note.txt').body == b'note'
    root.rename(root.parent / 'moved')
    (root / 'core').mkdir(parents=True)
    (root / 'core/note.txt').write_text('new')
    assert get(lab, endpoint, '/core/note.txt').body == b'note'  # the folder that was opened
    bridge.signal(signal.SIGHUP)
    until(lambda: get(lab, endpoint, '/core/note.txt').body == b'new', lambda: bridge.text)
    shutil.rmtree(root)
    bridge.signal(signal.SIGHUP)
    until(lambda: 'files.root' in bridge.text, lambda: bridge.text)
    until(lambda: get(lab, endpoint, '/core/note.txt').status == 404, lambda: bridge.text)


# ---- clients that do not wait ----

def test_a_client_that_left_delays_no_other(lab, root):
    """A folder takes a thread's time; what was asked by clients that are gone is not read for them."""
    for i in range(2000):
        (root / 'empty' / f'{i:04}').touch()
    config = {'listeners': [{'address': ANY}], 'routes': [
        {'path': '/*', 'files': {'root': str(root), 'listing': True}}]}
    bridge = lab.start('--config', gateway.write(lab.folder / 'one.yaml', config))
    began = time.monotonic()
    assert get(lab, bridge, '/empty/').status == 200
    one = time.monotonic() - began
    for _ in range(300):
        browser = visit(lab, bridge)
        browser.send('/empty/')
        browser.client.reset()
    began = time.monotonic()
    assert get(lab, bridge, '/empty/').status == 200
    assert time.monotonic() - began < 100 * one


def test_names_of_targets_do_not_wait_behind_folders(lab, root):
    """Both take threads of one pool, and a crowd that asks for folders must leave some to the rest, however many workers there are."""
    for i in range(2000):
        (root / 'empty' / f'{i:04}').touch()
    config = {'workers': 20, 'listeners': [{'address': ANY}], 'routes': [
        {'path': '/*', 'files': {'root': str(root), 'listing': True}},
        {'path': '/desk', 'target': f'tcp://localhost:{lab.target().port}'}]}
    bridge = lab.start('--config', gateway.write(lab.folder / 'crowd.yaml', config))
    began = time.monotonic()
    assert get(lab, bridge, '/empty/').status == 200
    one = time.monotonic() - began
    crowd = [visit(lab, bridge) for _ in range(400)]
    for browser in crowd:
        browser.send('/empty/')
    began = time.monotonic()
    lab.open(bridge, upgrade={'path': '/desk'}).bye()
    assert time.monotonic() - began < 60 * one
    for browser in crowd:
        assert browser.hear().status == 200


# ---- readers that take their time ----

@pytest.mark.release_only
@pytest.mark.parametrize('tls', (False, True))
def test_slow_readers_of_a_large_file_hold_nothing(lab, root, certs, tls):
    with open(root / 'huge.bin', 'wb') as file:
        file.truncate(200 << 20)
    listener = {'address': ANY}
    if tls:
        listener['tls'] = {'certificates': [{'certificate': certs.rsa, 'key': certs.rsa_key}]}
    bridge = start(lab, [{'path': '/*', 'files': str(root)}], [listener])
    context = certs.context() if tls else None

    def open_some(count):
        browsers = [visit(lab, bridge.endpoints[0], context=context, receive_buffer=4096) for _ in range(count)]
        for browser in browsers:
            browser.send('/huge.bin')
            browser.client.exactly(1000)
        return browsers
    readers = open_some(4)
    before = bridge.memory()
    readers += open_some(100)
    bridge.rests()
    each = (bridge.memory() - before) / 100
    for browser in readers:
        browser.client.hang_up()
    assert each < (64 if tls else 16) * 1024, f'{each} bytes for each'


def test_a_file_that_shrinks_ends_the_connection(lab, root):
    with open(root / 'shrinks.bin', 'wb') as file:
        file.truncate(64 << 20)
    bridge = start(lab, [{'path': '/*', 'files': str(root)}])
    browser = visit(lab, bridge.endpoints[0], receive_buffer=4096)
    browser.send('/shrinks.bin')
    browser.client.exactly(1000)
    os.truncate(root / 'shrinks.bin', 1 << 20)
    with pytest.raises((EOFError, ConnectionError)):
        browser.client.exactly(64 << 20)
    browser.client.hang_up()
    assert get(lab, bridge.endpoints[0], '/vnc.html').status == 200


# ---- as nginx says ----

CASES = [
    {}, {'If-None-Match': 'TAG'}, {'If-None-Match': 'W/TAG'}, {'If-None-Match': '*'}, {'If-None-Match': '"x"'},
    {'If-None-Match': '"x", TAG'}, {'If-Match': 'TAG'}, {'If-Match': '"x"'}, {'If-Match': '*'},
    {'If-Unmodified-Since': 'DATE'}, {'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT'},
    {'If-Modified-Since': 'DATE'}, {'If-Modified-Since': 'x'}, {'If-None-Match': '"x"', 'If-Modified-Since': 'DATE'},
    {'Range': 'bytes=0-9'}, {'Range': 'bytes=-9'}, {'Range': 'bytes=9-'}, {'Range': 'bytes=0-99999999'},
    {'Range': 'bytes=1048576-'}, {'Range': 'bytes=1048575-'}, {'Range': 'bytes=-0'}, {'Range': 'lines=0-9'},
    {'Range': 'bytes=0-9', 'If-Range': 'TAG'}, {'Range': 'bytes=0-9', 'If-Range': '"x"'},
    {'Range': 'bytes=0-9', 'If-Range': 'DATE'}, {'Range': 'bytes=0-9', 'If-None-Match': 'TAG'},
]


@pytest.fixture
def nginx(lab, tmp_path, root):
    if not shutil.which('nginx'):
        pytest.skip('nginx is not there')
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    config = tmp_path / 'nginx.conf'
    config.write_text(f'''daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log stderr;
        events {{}}
        http {{ access_log off; default_type application/octet-stream;
            client_body_temp_path {tmp_path}/a; proxy_temp_path {tmp_path}/b; fastcgi_temp_path {tmp_path}/c;
            uwsgi_temp_path {tmp_path}/d; scgi_temp_path {tmp_path}/e;
            server {{ listen 127.0.0.1:{port}; root {root}; }} }}''')
    os.chmod(tmp_path, 0o755)
    lab.spawn('nginx', '-c', str(config), '-p', str(tmp_path), '-e', 'stderr', stderr=subprocess.DEVNULL)
    endpoint = gateway.Endpoint(f'127.0.0.1:{port}')

    def answers():
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) == 0
    until(answers, 'nginx does not start')
    return endpoint


def test_conditions_and_ranges_as_nginx_has_them(lab, root, nginx):
    os.utime(root / 'big.bin', (1000000000, 1000000000))
    answers = []
    for endpoint in (nginx, serve(lab, root)):
        whole = get(lab, endpoint, '/big.bin')
        words = {'TAG': whole.fields['etag'], 'DATE': whole.fields['last-modified']}
        got = []
        for case in CASES:
            fields = {name: re.sub('TAG|DATE', lambda found: words[found[0]], value) for name, value in case.items()}
            answer = get(lab, endpoint, '/big.bin', fields=fields)
            content = answer.body if answer.status < 400 else b''
            got.append((case, answer.status, answer.fields.get('content-range'), content == b'' or len(content)))
        answers.append(got)
    for theirs, ours in zip(*answers):
        assert theirs == ours
