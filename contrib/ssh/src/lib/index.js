// The protocol layer: what a page imports. README.md says what each name does.
export { SshError } from './errors.js';
export { features } from './features.js';
export { HostKeys, parsePin } from './hostkeys.js';
export { parsePrivateKey } from './keys/privatekeys.js';
export { PublicKey, fingerprint } from './keys/publickeys.js';
export { connect } from './session.js';
