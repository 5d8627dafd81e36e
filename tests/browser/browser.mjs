// Chromium or Firefox, driven line by line: each line of standard input is a request as JSON, and gets one
// line of answer on standard output. What pages complain about is kept, and told on request.
//
//   {"call": "open", "with": [CONTEXT-OPTIONS]}      -> {"result": NUMBER}, a page of its own
//   {"page": NUMBER, "call": "goto", "with": [URL]}  -> {"result": ...} or {"error": TEXT}
//
// usage: node browser.mjs BROWSER [SWITCH...]
import path from 'node:path';
import readline from 'node:readline';
import { chromium, firefox } from 'playwright-core';

const TIMEOUT = 15000;
const [executablePath, ...switches] = process.argv.slice(2);

function launch() {
    // A Firefox that is not Playwright's own speaks WebDriver BiDi. It keeps connections of pages that are closed.
    if (path.basename(executablePath).startsWith('firefox')) {
        const firefoxUserPrefs = { 'network.http.keep-alive.timeout': 1 };
        return firefox.launch({ executablePath, args: switches, channel: 'moz-firefox', firefoxUserPrefs });
    }
    const args = ['--disable-gpu', '--force-color-profile=srgb', '--hide-scrollbars', ...switches];
    if (process.getuid() === 0) {
        args.push('--no-sandbox');
    }
    return chromium.launch({ executablePath, args });
}

const browser = await launch();
const pages = new Map();

const calls = {
    async open(options) {
        const context = await browser.newContext(options);
        context.setDefaultTimeout(TIMEOUT);
        const page = await context.newPage();
        const complaints = [];
        page.on('console', (message) => {
            // The tests read canvases more often than browsers advise; that is not the page's fault.
            if (['error', 'warning'].includes(message.type()) && !message.text().includes('willReadFrequently')) {
                complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
            }
        });
        page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
        page.on('requestfailed', (request) => {
            // A page may abort its own request, to send one that is newer.
            if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`);
        });
        pages.set(pages.size, { context, page, complaints });
        return pages.size - 1;
    },
};

// A function, not text, because a page's policy forbids to compile text in the page later.
const compiled = (code) => (0, eval)(code);

const pageCalls = {
    async goto({ page }, url) {
        const answer = await page.goto(url);
        return { status: answer.status(), headers: answer.headers(), size: (await answer.body()).length };
    },
    evaluate: ({ page }, code, argument) => page.evaluate(compiled(code), argument),
    wait: ({ page }, code, argument) =>
        page.waitForFunction(compiled(code), argument, { polling: 50 }).then(() => true),
    click: ({ page }, selector) => page.click(selector),
    fill: ({ page }, selector, text) => page.fill(selector, text),
    select: ({ page }, selector, value) => page.selectOption(selector, value),
    press: ({ page }, key) => page.keyboard.press(key),
    type: ({ page }, text) => page.keyboard.type(text),
    upload: ({ page }, selector, ...paths) => page.setInputFiles(selector, paths),
    async download({ page }, selector, path) {
        const [file] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
        await file.saveAs(path);
        return file.suggestedFilename();
    },
    init: ({ page }, code) => page.addInitScript(compiled(code)),
    tap: ({ page }, x, y) => page.mouse.click(x, y, { delay: 50 }),
    move: ({ page }, x, y) => page.mouse.move(x, y),
    size: ({ page }, width, height) => page.setViewportSize({ width, height }),
    media: ({ page }, how) => page.emulateMedia(how),
    grant: ({ context }, ...permissions) => context.grantPermissions(permissions),
    screenshot: ({ page }, path, options) => page.screenshot({ path, ...options }).then(() => path),
    complaints: ({ complaints }) => complaints.splice(0),
    close: ({ context }) => context.close(),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
        const call = request.page === undefined
            ? calls[request.call](...request.with)
            : pageCalls[request.call](pages.get(request.page), ...request.with);
        answer = { result: (await call) ?? null };
    } catch (error) {
        answer = { error: String(error.message) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
}
await browser.close();
