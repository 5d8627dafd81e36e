"""A real browser for tests: Debian's Chromium or Firefox behind browser.mjs, with pages as Python objects."""
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
ARTEFACTS = HERE.parents[1] / 'build-test/browser'
PHONE = {'viewport': {'width': 390, 'height': 844}, 'deviceScaleFactor': 2, 'isMobile': True, 'hasTouch': True}


class BrowserError(AssertionError):
    pass


class Browser:
    def __init__(self, *switches, path=None):
        path = path or os.environ.get('CHROMIUM', '/usr/bin/chromium')
        # Its own process group, so that an interrupt of the tests does not kill it before close().
        self.process = subprocess.Popen(['node', str(HERE / 'browser.mjs'), path, *switches], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, start_new_session=True)

    def call(self, name, *arguments, page=None):
        request = {'call': name, 'with': arguments}
        if page is not None:
            request['page'] = page
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BrowserError(f'the browser is gone (exit {self.process.wait()})')
        answer = json.loads(line)
        if 'error' in answer:
            raise BrowserError(f'{name} {arguments}: {answer["error"]}')
        return answer['result']

    def page(self, **options):
        return Page(self, self.call('open', options))

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


class Page:
    """A tab with its own cookies and caches. Other methods are those of browser.mjs."""

    def __init__(self, browser, number):
        self.browser, self.number = browser, number

    def __getattr__(self, name):
        return lambda *arguments: self.browser.call(name, *arguments, page=self.number)

    def text(self, selector):
        return self.evaluate('(s) => document.querySelector(s)?.innerText', selector)

    def wait_text(self, selector, part):
        """Waits until the text of the element contains `part`; returns the text."""
        code = '([s, part]) => document.querySelector(s)?.innerText.includes(part)'
        try:
            self.wait(code, [selector, part])
        except BrowserError as problem:
            raise BrowserError(f'{selector} does not say "{part}" but "{self.text(selector)}"') from problem
        return self.text(selector)

    def shot(self, name, **options):
        """Saves a screenshot with the artefacts."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        return self.screenshot(str(ARTEFACTS / f'{name}.png'), options)
