// What the SSH library uses of vscode-jsonrpc, whose main module needs Node.
export { Emitter, Event } from 'vscode-jsonrpc/lib/events.js';
export { CancellationToken, CancellationTokenSource } from 'vscode-jsonrpc/lib/cancellation.js';
