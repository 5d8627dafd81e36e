// xterm.js as the page needs it: under a policy without inline styles, in two colour schemes, with keys to copy and to leave.
import { Terminal } from '@xterm/xterm';
import { FitAddon } from '@xterm/addon-fit';
import './sheetrules.js';

const SCROLLBACK = 5000, FONT = 15;
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';
// Ends what a program that was cut off may have left: another screen, the mouse, pastes in brackets, no cursor.
const PLAIN = '\x1b[!p\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[0m';
const THEMES = {
    dark: {
        background: '#0b1418', foreground: '#e4eef1', cursor: '#62c6e8', cursorAccent: '#0b1418', selectionBackground: '#1d5266',
        black: '#1b2a31', red: '#ff7b72', green: '#6fd09b', yellow: '#f0b067', blue: '#6fb3ff', magenta: '#d49bff', cyan: '#62c6e8', white: '#c9d6da',
        brightBlack: '#7d939c', brightRed: '#ffa198', brightGreen: '#93e6b8', brightYellow: '#ffd08f', brightBlue: '#9ccbff', brightMagenta: '#e6c3ff',
        brightCyan: '#a0e3f8', brightWhite: '#ffffff',
    },
    light: {
        background: '#ffffff', foreground: '#10232b', cursor: '#0a6c8f', cursorAccent: '#ffffff', selectionBackground: '#b5d6e2',
        black: '#10232b', red: '#b3261e', green: '#1a7046', yellow: '#7d5600', blue: '#0b57b0', magenta: '#7a3aa8', cyan: '#0a6c8f', white: '#5c6f77',
        brightBlack: '#4b5f68', brightRed: '#c5362d', brightGreen: '#217a4f', brightYellow: '#8a6100', brightBlue: '#1a66c2', brightMagenta: '#8c4cba',
        brightCyan: '#107ba1', brightWhite: '#3a4d55',
    },
};

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = () => THEMES[dark.matches ? 'dark' : 'light'];

// True: xterm.js handles the key.
function handleKey(event, terminal, leave) {
    if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey) return true;
    if (event.code === 'F6') leave();
    else if (event.code === 'KeyV') return false; // the browser pastes
    else if (event.code !== 'KeyC') return true;
    else if (terminal.hasSelection()) navigator.clipboard.writeText(terminal.getSelection()).catch(() => {});
    event.preventDefault();
    return false;
}

/**
 * A terminal in `place`. `on`: input(bytes), resize({cols, rows}), title(text), leave(), which moves the focus elsewhere.
 * write(bytes, drawn) calls `drawn` when the bytes have been processed: a caller that acknowledges no earlier is never ahead of the screen.
 */
export function openTerminal(place, on) {
    const terminal = new Terminal({
        theme: theme(), fontFamily: MONO, fontSize: FONT, scrollback: SCROLLBACK,
        cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches, minimumContrastRatio: 4.5, macOptionClickForcesSelection: true,
    });
    const fit = new FitAddon(), encoder = new TextEncoder();
    terminal.loadAddon(fit);
    terminal.open(place);
    terminal.attachCustomKeyEventHandler((event) => handleKey(event, terminal, on.leave));
    terminal.onData((text) => on.input(encoder.encode(text)));
    terminal.onBinary((text) => on.input(Uint8Array.from(text, (one) => one.charCodeAt(0))));
    terminal.onResize(on.resize);
    terminal.onTitleChange(on.title);
    dark.addEventListener('change', () => { terminal.options.theme = theme(); });
    new ResizeObserver(() => place.clientHeight && fit.fit()).observe(place);
    fit.fit();
    return {
        write: (bytes, drawn) => terminal.write(bytes, drawn),
        note: (text) => terminal.write(`${PLAIN}\r\n\x1b[7m ${text.replace(/\p{Cc}/gu, ' ')} \x1b[0m\r\n`),
        clear: () => terminal.reset(),
        paste: (text) => terminal.paste(text),
        type: (text) => on.input(encoder.encode(text)),
        applicationCursor: () => terminal.modes.applicationCursorKeysMode,
        screenReader: (wanted) => { terminal.options.screenReaderMode = wanted; },
        readOnly: (wanted) => { terminal.options.disableStdin = wanted; },
        focus: () => terminal.focus(),
        size: () => ({ cols: terminal.cols, rows: terminal.rows }),
    };
}
