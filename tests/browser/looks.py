"""Checks of a page's usability: names, landmarks, contrast, focus, width."""

# Returns findings as lines of text.
STRUCTURE = r'''() => {
    const found = [], seen = new Set();
    const visible = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden';
    const name = (e) => e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean)
        .map((id) => document.getElementById(id)?.textContent || '').join(' ') || [...(e.labels || [])].map((l) => l.textContent).join(' ')
        || (['BUTTON', 'A', 'TH'].includes(e.tagName) ? e.textContent : '');
    if (!document.documentElement.lang) found.push('the page has no language');
    if (!document.title.trim()) found.push('the page has no title');
    for (const one of ['header', 'main', 'h1'])
        if (document.querySelectorAll(one).length !== 1) found.push(`there is not one <${one}>`);
    for (const e of document.querySelectorAll('button, input, select, textarea, a[href], [role=region], [role=search], dialog'))
        if ((visible(e) || e.tagName === 'DIALOG') && !(name(e).trim() || e.getAttribute('role') === 'search')) found.push(`no name: ${e.outerHTML.slice(0, 90)}`);
    for (const e of document.querySelectorAll('svg'))
        if (e.getAttribute('aria-hidden') !== 'true' && !(e.getAttribute('role') === 'img' && name(e).trim())) found.push(`a picture without a name: ${e.id}`);
    for (const e of document.querySelectorAll('[id]')) {
        if (seen.has(e.id)) found.push(`id ${e.id} is there twice`);
        seen.add(e.id);
    }
    for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby], label[for]'))
        for (const id of [e.getAttribute('aria-labelledby'), e.getAttribute('aria-describedby'), e.htmlFor].filter(Boolean).join(' ').split(' '))
            if (!document.getElementById(id)) found.push(`${id} is referred to, but not there`);
    let level = 0;
    for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
        if (!visible(e)) continue;
        if (+e.tagName[1] > level + 1) found.push(`${e.tagName} "${e.textContent}" skips a level`);
        level = +e.tagName[1];
    }
    for (const e of document.querySelectorAll('button, input:not([type=checkbox]), select')) {
        const box = e.getBoundingClientRect();
        if (visible(e) && !e.closest('th') && (box.width < 24 || box.height < 24)) found.push(`too small to hit: ${e.outerHTML.slice(0, 90)}`);
    }
    return found;
}'''

# WCAG 2.1, 1.4.3: 4.5 to 1, or 3 to 1 for large text; disabled controls do not count.
CONTRAST = r'''() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const parse = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * x + .7152 * y + .0722 * z;
    };
    const behind = (e) => e ? over(parse(getComputedStyle(e).backgroundColor), behind(e.parentElement)) : [255, 255, 255, 1];
    const found = new Map(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let count = 0;
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement, style = getComputedStyle(e);
        if (!walker.currentNode.textContent.trim() || !e.getClientRects().length || e.closest(':disabled, script, style, .unseen')) continue;
        if (style.visibility !== 'visible') continue; // so a terminal measures its letters
        const back = behind(e), colour = over(parse(e instanceof SVGElement ? style.fill : style.color), back);
        const [a, b] = [light(colour), light(back)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
        const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 600);
        count++;
        if (ratio < (large ? 3 : 4.5)) found.set(`${ratio.toFixed(2)}: ${style.color} on ${back.slice(0, 3).map(Math.round)}, "${e.textContent.trim().slice(0, 30)}"`, 1);
    }
    return { count, found: [...found.keys()] };
}'''

FOCUSED = r'''() => {
    const e = document.activeElement, style = getComputedStyle(e);
    return e === document.body ? null : [e.id || e.textContent.trim().slice(0, 30) || e.tagName,
        style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
}'''


def check(page, texts=20):
    """`texts`: so many, or fewer, are a sign of a page that does not show what it should."""
    assert page.evaluate(STRUCTURE) == []
    for scheme in ('light', 'dark'):
        page.media({'colorScheme': scheme})
        page.wait('() => document.getAnimations().every((one) => !(one instanceof CSSTransition))')
        contrast = page.evaluate(CONTRAST)
        assert not contrast['found'], f'{scheme}: {contrast["found"]}'
        assert contrast['count'] > texts


def check_width(page, width):
    """The page does not scroll sideways; wide tables and code scroll by themselves."""
    page.size(width, 844)
    assert page.evaluate('() => document.documentElement.scrollWidth') <= width


def walk(page, steps):
    """The elements that Tab reaches, in order; each must show its focus."""
    places = []
    for _ in range(steps):
        page.press('Tab')
        at = page.evaluate(FOCUSED)
        if at is None:
            break
        assert at[1], f'{at[0]} does not show its focus'
        places.append(at[0])
    return places
