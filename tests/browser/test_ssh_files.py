"""The files of SSH in a tab: SFTP through the page, with checksums."""
import os
import signal

from wire import until

SIZE = 3_000_000
LAST = "() => document.querySelector('#transfers li')?.innerText ?? ''"
NAMES = "() => [...document.querySelectorAll('#entries tbody tr')].map((row) => row.cells[0].innerText.trim())"


def at_home(user, sshd):
    """The panel shows the home folder."""
    user.fill(password=sshd.password).connect().accept()
    user.opened().page.click('#show-files')
    user.page.wait("() => document.getElementById('path').value.endsWith('/home/ada')")
    return user.page


def said(page, part):
    try:
        page.wait(f'(part) => ({LAST})().includes(part)', part)
    except AssertionError as problem:
        raise AssertionError(f'{page.evaluate(LAST)!r}, {page.text("#files-problem")!r}: no {part!r}') from problem


def file(tmp_path, name, size=SIZE):
    path = tmp_path / name
    path.write_bytes(os.urandom(size))
    return path


def test_both_ways(user, sshd, tmp_path):
    page, sent = at_home(user, sshd), file(tmp_path, 're port;ä.bin')
    page.upload('#upload-files', str(sent))
    said(page, 'done')
    page.wait(f"() => ({NAMES})().includes('re port;ä.bin')")
    assert sshd.get('home/ada/re port;ä.bin') == sent.read_bytes()
    back = tmp_path / 'back'
    assert page.download('#entries tbody button[title^="Download"]', str(back)) == 're port;ä.bin'
    said(page, 'Download of re port;ä.bin')
    said(page, 'done')
    assert back.read_bytes() == sent.read_bytes()
    assert user.complaints() == []


def test_a_file_that_is_there(user, sshd, tmp_path):
    """It is replaced when the user says so, and keeps its mode; a cancelled upload changes nothing and leaves nothing."""
    page, sent = at_home(user, sshd), file(tmp_path, 'notes.txt', 1000)
    user.run("printf old >notes.txt; chmod 640 notes.txt")
    page.upload('#upload-files', str(sent))
    user.decline('Replace notes.txt?')
    assert sshd.get('home/ada/notes.txt') == b'old'
    page.upload('#upload-files', str(sent))
    user.accept('Replace notes.txt?')
    said(page, 'done')
    until(lambda: sshd.get('home/ada/notes.txt') == sent.read_bytes(), 'the new bytes')
    assert user.run('stat -c %a notes.txt') == '640'
    large = file(tmp_path, 'large.bin', 50_000_000)
    page.upload('#upload-files', str(large))
    page.wait("() => document.querySelector('#transfers progress')?.value > 0")
    page.click('#transfers button')
    said(page, 'cancelled')
    until(lambda: 'large' not in user.run('ls -a'), 'the part is removed')
    assert user.complaints() == []


def test_folders(user, sshd):
    """Opened, made, left again; a link leads on, and what is forbidden is said."""
    page = at_home(user, sshd)
    user.run('mkdir -p tree/inner; ln -sfn tree shortcut; touch tree/leaf')
    page.click('#go')
    page.wait(f"() => ({NAMES})().includes('shortcut')")
    page.evaluate("() => [...document.querySelectorAll('#entries button')].find((one) => one.innerText === 'shortcut').click()")
    page.wait(f"() => ({NAMES})().join() === 'inner/,leaf'")
    page.click('#new-folder')
    user.answer('New folder', 'made')
    page.wait(f"() => ({NAMES})().join() === 'inner/,made/,leaf'")
    page.click('#up')
    page.wait("() => document.getElementById('path').value.endsWith('/home/ada')")
    page.fill('#path', '/root')
    page.press('Enter')
    page.wait_text('#files-problem', '/root: ')
    page.fill('#path', '/nowhere')
    page.press('Enter')
    page.wait_text('#files-problem', '/nowhere: ')
    assert user.complaints() == []


def test_a_cut_in_the_middle(bridge, user, sshd, tmp_path):
    """The transfer says that it has failed, and the name shows no half a file."""
    page = at_home(user, sshd)
    page.upload('#upload-files', str(file(tmp_path, 'cut.bin', 50_000_000)))
    page.wait("() => document.querySelector('#transfers progress')?.value > 0")
    bridge.expected_exit = -signal.SIGKILL
    bridge.signal(signal.SIGKILL)
    user.state('closed')
    page.wait("() => document.querySelector('#transfers li .bad')")
    assert '1006' in page.text('#why') and page.evaluate("() => document.getElementById('files').inert")
    assert not (sshd.folder / 'home/ada/cut.bin').exists()
    assert user.complaints() == []
