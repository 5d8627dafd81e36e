// What the page says about host keys and ends. Pure.

const kind = (type) => ({ 'ssh-ed25519': 'ED25519', 'ssh-rsa': 'RSA' })[type] ?? 'ECDSA';
const path = (type) => `/etc/ssh/ssh_host_${kind(type).toLowerCase()}_key.pub`;
const NOTHING_SENT = 'Somebody may be listening in, or the machine has been installed again. Nothing was sent.';

/** A question in one piece. */
export const asText = ({ title, text, details, advice }) => [`${title}.`, text, details, advice].filter(Boolean).join('\n\n');

export function trustQuestion({ type, fingerprint }, machine) {
    return {
        title: `Is this ${machine}?`, text: `This browser has not seen ${machine} before. Its ${kind(type)} host key has the fingerprint`,
        details: fingerprint, yes: 'Accept and connect', no: 'Do not connect',
        advice: `Compare it with the one that its administrator tells you, or that the machine itself prints:\nssh-keygen -lf ${path(type)}\n\n` +
            'From then on, this browser refuses other keys at this address.',
    };
}

export function changedKey({ type, fingerprint, expected }, machine) {
    return {
        title: `The host key of ${machine} has changed`, text: NOTHING_SENT, bad: true, yes: 'Forget the stored key', no: 'Do not connect',
        details: `stored  ${expected.join('\n        ')}\nshown   ${fingerprint} (${kind(type)})`,
        advice: `Ask its administrator: on the machine, ssh-keygen -lf ${path(type)} prints the right one. Forget the stored key only if the shown one is right.`,
    };
}

export function notPinned({ type, fingerprint, expected }, machine) {
    return {
        title: `The host key of ${machine} is not in hosts.json`, text: NOTHING_SENT,
        details: `listed  ${expected.join('\n        ')}\nshown   ${fingerprint} (${kind(type)})`,
        advice: 'Tell the administrator of this page, who alone can change the list.',
    };
}

export function shellEnd({ status, signal, message }) {
    if (status === null && !signal) return { text: 'The session has ended without an exit status.', bad: true };
    if (signal) return { text: `The session was ended by signal ${signal}${message ? `: ${message}` : ''}.`, bad: true };
    return { text: `The session has ended with exit status ${status}.`, bad: false };
}

export function connectionEnd({ text, by, closeCode, closeReason }) {
    const code = closeCode && !text.includes(String(closeCode)) ? ` Close code ${closeCode}${closeReason ? `: ${closeReason}` : ''}.` : '';
    return { text: by === 'us' ? 'You have disconnected.' : `The connection has ended: ${text}${code}`, bad: by !== 'us' };
}
