// npm's ws as a server: returns each message, but for some that are orders; see far_servers.py.
// Prints its port, and then how each connection was closed.
import { WebSocketServer } from 'ws';

const known = ['binary', 'chat'];
const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: (offered) => known.find((name) => offered.has(name)) ?? false,
});

server.on('listening', () => console.log(server.address().port));
server.on('connection', (ws, request) => {
    ws.on('error', () => {});
    ws.on('close', (code, text) => console.log(`${code} ${text}`));
    let late = 0;
    ws.on('pong', () => {
        if (late === 0) {
            ws.send('pong');
        } else if (--late > 0) {
            ws.ping();
        } else {
            ws.send(Buffer.from('late'.repeat(500_000)));
            ws.close();
        }
    });
    ws.on('message', (data, isBinary) => {
        const text = isBinary ? '' : data.toString();
        if (text === 'who') {
            ws.send(JSON.stringify({ path: request.url, subprotocol: ws.protocol || null, ...request.headers }));
        } else if (text === 'ping') {
            ws.ping('are you there');
        } else if (isBinary && data.toString() === 'late') {
            late = 3;
            ws.ping();
        } else if (text.startsWith('close ')) {
            const [, code, reason] = text.split(' ');
            ws.close(Number(code), reason);
        } else {
            ws.send(data, { binary: isBinary });
        }
    });
});
