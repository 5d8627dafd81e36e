// Tickets made by jose: node tickets.mjs ALGORITHM CLAIMS prints {"key": ..., "ticket": ...}, the key as a JWK Set or a secret.
import crypto from 'node:crypto';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const [alg, claims] = process.argv.slice(2);

async function keys() {
    if (alg.startsWith('HS')) {
        const secret = crypto.randomBytes(48).toString('base64');
        return { key: secret, signing: new TextEncoder().encode(secret) };
    }
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    jwk.kid = await calculateJwkThumbprint(jwk);
    return { key: JSON.stringify({ keys: [{ ...jwk, alg, use: 'sig' }] }), signing: privateKey, kid: jwk.kid };
}

const { key, signing, kid } = await keys();
const ticket = await new SignJWT(JSON.parse(claims)).setProtectedHeader({ alg, kid }).sign(signing);
console.log(JSON.stringify({ key, ticket }));
