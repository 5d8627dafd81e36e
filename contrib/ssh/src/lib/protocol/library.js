// What is used of the SSH library, in exactly the version that mends.js knows.
import about from '@microsoft/dev-tunnels-ssh/package.json';

export { SshClientSession } from '@microsoft/dev-tunnels-ssh/sshClientSession.js';
export { SshSession } from '@microsoft/dev-tunnels-ssh/sshSession.js';
export { SshSessionConfiguration } from '@microsoft/dev-tunnels-ssh/sshSessionConfiguration.js';
export { SshAlgorithms } from '@microsoft/dev-tunnels-ssh/algorithms/sshAlgorithms.js';
export { KeyExchangeAlgorithm } from '@microsoft/dev-tunnels-ssh/algorithms/keyExchangeAlgorithm.js';
export { PublicKeyAlgorithm } from '@microsoft/dev-tunnels-ssh/algorithms/publicKeyAlgorithm.js';
export { SshMessage } from '@microsoft/dev-tunnels-ssh/messages/sshMessage.js';

const MENDED = '3.12.42';
if (about.version !== MENDED) {
    throw new Error(`contrib/ssh mends ${about.name} ${MENDED}, and this is ${about.version}`);
}
