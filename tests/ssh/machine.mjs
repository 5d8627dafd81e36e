// A real sshd (sshd.sh) behind a real bridge.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

/** A child whose output is kept; stop() ends it and waits. */
function start(command, args, as = (it) => it) {
    const [program, ...rest] = as([command, ...args]);
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
            throw new Error(`${command} has ended:\n${it.log}`);
        }
    };
    it.stop = async (signal = 'SIGTERM') => {
        child.kill(signal);
        await over;
    };
    return it;
}

const asRoot = (command) => (process.getuid() === 0 ? command : ['sudo', '-n', ...command]);

export class Machine {
    /** @param {string[]} options of sshd_config, NAME=VALUE */
    static async start(options = []) {
        const it = new Machine();
        it.folder = mkdtempSync(path.join(os.tmpdir(), 'wsluice-sshd-'));
        it.port = await freePort();
        it.sshd = start(path.join(here, 'sshd.sh'), [it.folder, String(it.port), ...options], asRoot);
        await until(() => it.sshd.check() ?? answers(it.port));
        await it.startBridge();
        it.password = it.file('password').trim();
        return it;
    }

    async startBridge() {
        this.bridge = start(bridgeBinary, ['127.0.0.1:0', `127.0.0.1:${this.port}`]);
        const [, address] = await until(() => this.bridge.check() ?? /listening on ([\d.]+:\d+)/.exec(this.bridge.log));
        this.url = `ws://${address}/ssh`;
    }

    file(name) {
        return readFileSync(path.join(this.folder, name), 'utf8');
    }

    async stop() {
        await this.bridge.stop();
        await this.sshd.stop();
        if (process.getuid() === 0) {
            rmSync(this.folder, { recursive: true });
        }
    }
}
