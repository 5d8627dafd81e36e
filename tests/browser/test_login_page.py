"""The page of the method `login`, with the demo behind it."""
import gateway
import looks
import pytest
import targets
import test_login
from chromium import PHONE
from wire import until

FOCUS = '() => document.activeElement.id'


@pytest.fixture
def desk(lab, users):
    route = {'path': '/desk/*', 'target': gateway.there(lab.target(targets.echo)), 'demo': True,
             'auth': [{'login': {'users': str(users), 'title': 'Desks of the house'}}]}
    return gateway.start(lab, [route])


def url(bridge, path=''):
    return f'http://127.0.0.1:{bridge.port}/desk/{path}'


def refusals(page):
    """Browsers report a page with status 401 on the console; nothing else may be there."""
    return [text for text in page.complaints() if not ('Failed to load resource' in text and 'status of 4' in text)]


def enter(page, user, word):
    """With the keyboard alone."""
    page.wait(f"() => ({FOCUS})() === 'user'")
    page.fill('#user', user)
    page.press('Tab')
    assert page.evaluate(FOCUS) == 'password'
    page.fill('#password', word)
    page.press('Enter')


def test_logs_in_with_the_keyboard(desk, tab):
    page = tab(viewport={'width': 1280, 'height': 900})
    answer = page.goto(url(desk, '?a=b#part'))
    assert answer['status'] == 401 and answer['size'] < 20_000
    assert page.text('h1') == 'Desks of the house'
    enter(page, 'ann', 'wrong')
    page.wait_text('[role=alert]', 'User name or password is wrong.')
    assert page.evaluate('() => document.title') == 'Error: Desks of the house'
    page.wait(f"() => ({FOCUS})() === 'password'")
    assert page.evaluate("() => [user.value, user.ariaInvalid, password.value, "
                         "document.getElementById(password.getAttribute('aria-describedby')).textContent]") == \
        ['ann', 'true', '', 'User name or password is wrong.']
    page.shot('login-wrong')
    page.fill('#password', 'sesame')
    page.press('Enter')
    page.wait_text('#state', 'Connected')
    assert page.evaluate('() => location.pathname + location.search + location.hash') == '/desk/?a=b#part'
    assert page.evaluate('() => document.cookie') == '', 'scripts cannot read the cookie'
    assert refusals(page) == []


def test_logs_out(desk, tab):
    page = tab()
    page.goto(url(desk))
    enter(page, 'ann', 'sesame')
    page.wait_text('#state', 'Connected')
    page.goto(url(desk, 'logout'))
    if page.evaluate("() => !document.querySelector('#logout').hidden"):  # over http it asks first
        page.click('#leave')
    page.wait_text('#message', 'You are logged out.')
    page.click('#again')
    page.wait_text('h1', 'Desks of the house')
    assert page.evaluate('() => location.pathname') == '/desk/'
    assert refusals(page) == []


def test_waits_after_too_many_attempts(lab, desk, tab):
    """A script guesses first, until each wait is long enough for a slow browser to see it."""
    page, script, tried = tab(), test_login.Browser(lab, desk), []
    page.goto(url(desk))
    script.get('/desk/')

    def waits():
        tried.append(f'wrong {len(tried)}')
        answer = script.submit('/desk/', user='ann', password=tried[-1])
        return int(answer.fields.get('retry-after', 0)) >= 8
    until(waits, 'a long wait')
    enter(page, 'ann', 'wrong')
    page.wait_text('[role=alert]', 'Too many attempts. Try again in ')
    assert page.evaluate('() => enter.disabled') and page.text('#enter').startswith('Wait ')
    page.shot('login-wait')
    page.wait_text('#message', 'You can try again now.')
    assert not page.evaluate('() => enter.disabled') and page.text('#enter') == 'Log in'


def test_looks(desk, tab):
    page = tab(viewport={'width': 1280, 'height': 900})
    page.goto(url(desk))
    looks.check(page, texts=3)
    page.media({'colorScheme': 'light'})
    page.shot('login-light')
    page.media({'colorScheme': 'dark'})
    page.shot('login-dark')
    assert looks.walk(page, 4)[:3] == ['password', 'show', 'enter']
    page.click('#show')
    assert page.evaluate("() => [password.type, show.textContent, show.ariaPressed]") == ['text', 'Hide', 'true']
    assert page.evaluate("() => [user.autocomplete, password.autocomplete]") == ['username', 'current-password']
    phone = tab(**PHONE)
    phone.goto(url(desk))
    for width in (320, 390, 768):
        looks.check_width(phone, width)
    phone.shot('login-phone')
    assert refusals(page) == [] and refusals(phone) == []


def test_without_scripts(desk, tab):
    """The form works, and the button that needs a script is not there."""
    page = tab(javaScriptEnabled=False)
    page.goto(url(desk))
    page.fill('#user', 'ann')
    page.fill('#password', 'wrong')
    page.click('#enter')
    until(lambda: page.text('[role=alert]') == 'User name or password is wrong.', 'the answer to the form')
    assert page.evaluate("() => document.querySelector('#show').hidden")
    page.shot('login-no-script')
