// Bundles the page, or for tests the protocol layer alone. build.sh runs it.
import { readFileSync, readdirSync, writeFileSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const nothing = path.join(here, 'src/lib/shims/nothing.cjs');

// The SSH library's halves for Node, and what only they need, stay out of the bundle.
const forBrowsers = {
    name: 'for-browsers',
    setup(it) {
        it.onResolve({ filter: /\/node\/node\w+$|\/sshRpcMessageStream$/ }, () => ({ path: nothing }));
        it.onResolve({ filter: /^(diffie-hellman|debug|stream|crypto|fs)$/ }, () => ({ path: nothing }));
        it.onResolve({ filter: /^vscode-jsonrpc$/ }, () => ({ path: path.join(here, 'src/lib/shims/jsonrpc.js') }));
    },
};

// xterm.js writes rules into <style> elements and colours into style attributes, which a policy without 'unsafe-inline'
// refuses. An element of the page (src/page/sheetrules.js) and properties take their place: scripts may use both.
const STYLES = [
    ['createElement("style")', 'createElement("sheet-rules")', 3],
    ['t.setAttribute("style",`${t.getAttribute("style")||""}${e};`)', 't.style.cssText+=e', 1],
];
const withoutInlineStyles = {
    name: 'without-inline-styles',
    setup(it) {
        it.onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, ({ path: file }) => {
            const contents = STYLES.reduce((text, [from, to, times]) => {
                if (text.split(from).length !== times + 1) throw new Error(`${file} has ${from} not ${times} times: is it 6.0.0?`);
                return text.replaceAll(from, () => to);
            }, readFileSync(file, 'utf8'));
            if (/setAttribute\("style"|createElement\("style"/.test(contents)) throw new Error(`${file} has more inline styles than 6.0.0`);
            return { contents, loader: 'js' };
        });
    },
};

/** Bundles one entry (a module, with the CSS that it imports) into one file for browsers. */
export async function bundle(entry, outfile, options = {}) {
    return build({
        absWorkingDir: here,
        entryPoints: [path.resolve(here, entry)],
        outfile,
        bundle: true,
        format: 'esm',
        platform: 'browser',
        target: 'es2022',
        define: { global: 'globalThis' },
        inject: [path.join(here, 'src/lib/shims/globals.js')],
        plugins: [forBrowsers, withoutInlineStyles],
        legalComments: 'none',
        metafile: true,
        logLevel: 'warning',
        ...options,
    });
}

/** The licences of the packages in a bundle, each once: they ask to be handed on with it. */
function licences(metafile) {
    const packages = new Set(Object.keys(metafile.inputs)
        .map((input) => /^(?:.*\/)?(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean));
    return [...packages].sort().map((folder) => {
        const about = JSON.parse(readFileSync(path.join(here, folder, 'package.json'), 'utf8'));
        const file = readdirSync(path.join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
        const text = file ? readFileSync(path.join(here, folder, file), 'utf8').trim() : `Licence: ${about.license}`;
        return `${about.name} ${about.version}\n\n${text}\n`;
    }).join('\n----------\n\n');
}

const policy = (connects) => [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", `connect-src ${["'self'", ...connects].join(' ')}`,
    "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
].join('; ');

/** --connect=wss://HOST: other servers than the page's own that it may connect to. */
function allowed(words) {
    return words.map((word) => {
        const origin = /^--connect=(wss?:\/\/[a-z0-9.:[\]-]+)$/i.exec(word)?.[1];
        if (!origin) throw new Error(`${word}: write --connect=wss://HOST or --connect=wss://HOST:PORT`);
        return origin;
    });
}

async function page(folder, connects) {
    const { metafile } = await bundle('src/page/main.js', path.join(folder, 'app.js'), { minify: true });
    writeFileSync(path.join(folder, 'licences.txt'), licences(metafile));
    const html = readFileSync(path.join(here, 'src/page/index.html'), 'utf8');
    writeFileSync(path.join(folder, 'index.html'), html.replace('{{policy}}', policy(connects)));
    for (const name of ['icon.svg', 'start.js']) copyFileSync(path.join(here, 'src/page', name), path.join(folder, name));
    for (const name of ['app.js', 'app.css']) { // a files route sends these to browsers that take them
        writeFileSync(path.join(folder, `${name}.gz`), gzipSync(readFileSync(path.join(folder, name)), { level: 9 }));
    }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    const [folder, ...words] = process.argv.slice(2);
    try {
        await page(path.resolve(folder), allowed(words));
    } catch (error) {
        console.error(`build.mjs: ${error.message}`);
        process.exitCode = 1;
    }
}
