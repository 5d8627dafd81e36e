// What the tests see of the protocol layer: its modules, one by one.
export * as index from '../../contrib/ssh/src/lib/index.js';
export * as wire from '../../contrib/ssh/src/lib/wire.js';
export * as auth from '../../contrib/ssh/src/lib/protocol/auth.js';
export * as channel from '../../contrib/ssh/src/lib/protocol/channel.js';
export * as hostkeys from '../../contrib/ssh/src/lib/hostkeys.js';
export * as mends from '../../contrib/ssh/src/lib/protocol/mends.js';
export * as publickeys from '../../contrib/ssh/src/lib/keys/publickeys.js';
export * as session from '../../contrib/ssh/src/lib/session.js';
export * as sftp from '../../contrib/ssh/src/lib/sftp/client.js';
export * as sftpwire from '../../contrib/ssh/src/lib/sftp/messages.js';
export * as transport from '../../contrib/ssh/src/lib/transport.js';
export * as waiting from '../../contrib/ssh/src/lib/waiting.js';
