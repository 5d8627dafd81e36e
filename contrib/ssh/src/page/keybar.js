// Keys that a phone's keyboard lacks. Ctrl stays down for one key.

const KEYS = [['Esc', '\x1b'], ['Tab', '\t'], ['Ctrl', null], ['←', 'D', 'Left'], ['↑', 'A', 'Up'], ['↓', 'B', 'Down'], ['→', 'C', 'Right'], ['|', '|', 'Pipe'], ['/', '/', 'Slash'], ['-', '-', 'Minus']];

/** What Ctrl makes of the first byte of `bytes`, typed on a keyboard without that key. */
export function withControl(bytes) {
    const [first] = bytes;
    const isLetter = first >= 0x40 && first < 0x7f;
    return bytes.length === 1 && isLetter ? Uint8Array.of(first & 0x1f) : bytes;
}

/** Fills `place`; returns a filter for what is typed. `terminal()` is the terminal of the moment. */
export function keybar(place, terminal) {
    let control = null;
    const release = () => control.setAttribute('aria-pressed', 'false');
    const held = () => control.getAttribute('aria-pressed') === 'true';
    for (const [label, sends, name] of KEYS) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = label;
        if (name) button.setAttribute('aria-label', name);
        button.addEventListener('pointerdown', (event) => event.preventDefault()); // the keyboard stays up
        button.addEventListener('click', () => {
            if (sends === null) button.setAttribute('aria-pressed', String(!held()));
            else terminal()?.type(/^[A-D]$/.test(sends) ? `\x1b${terminal().applicationCursor() ? 'O' : '['}${sends}` : sends);
            if (document.activeElement !== button) terminal()?.focus();
        });
        if (sends === null) control = button;
        place.append(button);
    }
    release();
    return (bytes) => {
        if (!held()) return bytes;
        release();
        return withControl(bytes);
    };
}
