// A real sshd (sshd.sh) behind a real bridge.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './lib.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const bridgeBinary = process.env.WSLUICE ?? path.join(here, '../../build/wsluice');

async function freePort() {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

const answers = (port) => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', () => {
        resolve(true);
        socket.destroy();
    });
    socket.on('error', () => {}).on('close', () => resolve(false));
});

const asRoot = (...command) => (process.getuid() === 0 ? command : ['sudo', '-n', ...command]);

function run(program, ...args) {
    return execFileSync(program, args, { encoding: 'utf8' });
}

/** A child whose output is kept; stop() ends it and waits. */
function start(program, ...rest) {
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    const it = { child, log: '', exited: false };
    const over = new Promise((resolve) => child.on('close', resolve).on('error', (error) => {
        it.log += error.message;
        resolve();
    })).then(() => {
        it.exited = true;
    });
    child.stdout.on('data', (data) => { it.log += data; });
    child.stderr.on('data', (data) => { it.log += data; });
    it.check = () => {
        if (it.exited) {
            throw new Error(`${[program, ...rest].join(' ')} has ended:\n${it.log}`);
        }
    };
    it.stop = async (signal = 'SIGTERM') => {
        if (program === 'sudo' && !it.exited) { // it is root's, and passes the signal on
            run('sudo', '-n', 'kill', '-s', signal.slice(3), String(child.pid));
        } else {
            child.kill(signal);
        }
        await over;
    };
    return it;
}

export class Machine {
    /** @param {string[]} options of sshd_config, NAME=VALUE */
    static async start(options = []) {
        const it = new Machine();
        it.folder = mkdtempSync(path.join(os.tmpdir(), 'wsluice-sshd-'));
        it.port = await freePort();
        it.sshd = start(...asRoot(path.join(here, 'sshd.sh'), it.folder, String(it.port), ...options));
        await until(() => it.sshd.check() ?? answers(it.port));
        await it.startBridge();
        it.password = it.file('password').trim();
        return it;
    }

    async startBridge() {
        this.bridge = start(bridgeBinary, '127.0.0.1:0', `127.0.0.1:${this.port}`);
        const [, address] = await until(() => this.bridge.check() ?? /listening on ([\d.]+:\d+)/.exec(this.bridge.log));
        this.url = `ws://${address}/ssh`;
    }

    file(name) {
        return run(...asRoot('cat', path.join(this.folder, name)));
    }

    async stop() {
        await this.bridge.stop();
        await this.sshd.stop();
        run(...asRoot('rm', '-r', this.folder));
    }
}
