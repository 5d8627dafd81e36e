/**
 * Decrypts AES-CBC without padding, which WebCrypto wants: one more block is made that decrypts to padding alone.
 */
export async function decryptCbc(key, iv, data) {
    const imported = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['encrypt', 'decrypt']);
    const last = data.subarray(data.length - 16);
    const block = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: last }, imported, new Uint8Array(0)));
    const padded = new Uint8Array(data.length + 16);
    padded.set(data);
    padded.set(block, data.length);
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, imported, padded));
}
