// npm's ws as a client: echoes random bytes through the bridge, pings, closes, and reports as JSON.
// usage: node client.mjs URL BYTES [CA-FILE]
import crypto from 'node:crypto';
import fs from 'node:fs';
import WebSocket from 'ws';

const [url, bytes, caFile] = process.argv.slice(2);
const options = caFile ? { ca: fs.readFileSync(caFile) } : {};
const sent = crypto.randomBytes(Number(bytes));
const report = { protocol: null, echoed: false, pong: null, code: null };
const ws = new WebSocket(url, ['binary'], options);
const got = [];
let received = 0;

ws.binaryType = 'nodebuffer';
ws.on('open', () => {
    report.protocol = ws.protocol;
    for (let start = 0; start < sent.length; start += 70000) {
        ws.send(sent.subarray(start, start + 70000));
    }
});
ws.on('message', (data) => {
    got.push(data);
    received += data.length;
    if (received === sent.length) {
        report.echoed = Buffer.concat(got).equals(sent);
        ws.ping('are you there');
    }
});
ws.on('pong', (data) => {
    report.pong = data.toString();
    ws.close(1000);
});
ws.on('close', (code) => {
    report.code = code;
    console.log(JSON.stringify(report));
});
ws.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
});
