// Bundles the page, or for tests the protocol layer alone. build.sh runs it.
import { readFileSync, readdirSync, writeFileSync, copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
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
        plugins: [forBrowsers],
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

async function page(folder) {
    const { metafile } = await bundle('src/page/main.js', path.join(folder, 'app.js'), { minify: true });
    writeFileSync(path.join(folder, 'licences.txt'), licences(metafile));
    for (const name of readdirSync(path.join(here, 'src/page'))) {
        if (!/\.(js|css)$/.test(name) && existsSync(path.join(here, 'src/page', name))) {
            copyFileSync(path.join(here, 'src/page', name), path.join(folder, name));
        }
    }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    await page(path.resolve(process.argv[2]));
}
