// What this browser can do.

/** Without a secure context there is no cryptography at all. */
export const secureContext = () => globalThis.isSecureContext !== false && Boolean(globalThis.crypto?.subtle);

/** Whether WebCrypto has an algorithm: the only way to know is to use it. */
async function has(algorithm, uses) {
    try {
        await crypto.subtle.generateKey(algorithm, false, uses);
        return true;
    } catch {
        return false;
    }
}

export const hasX25519 = () => has({ name: 'X25519' }, ['deriveBits']);
export const hasEd25519 = () => has({ name: 'Ed25519' }, ['sign', 'verify']);

/** All of it: { secureContext, ed25519, x25519 }. */
export async function features() {
    if (!secureContext()) {
        return { secureContext: false, ed25519: false, x25519: false };
    }
    return { secureContext: true, ed25519: await hasEd25519(), x25519: await hasX25519() };
}
