// Where the bytes of a download go: a Blob that the browser saves at the end, or a file that the user picks.

const PART = 4 * 1024 * 1024; // Blobs may leave the memory, arrays may not
const UNUSUAL = /[/\\:*?"<>|~\p{Cc}\p{Cf}]|^\.+|\.+$/gu; // a picker refuses some of these in a name
const KEPT = 60_000; // milliseconds that a saved Blob stays for the browser to read

function save(blob, name) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}

/** write(bytes), finish(), discard(). */
export function blobSink(name) {
    let blobs = [], pieces = [], held = 0;
    const gather = () => {
        blobs.push(new Blob(pieces));
        pieces = [];
        held = 0;
    };
    return {
        write: async (bytes) => {
            pieces.push(bytes.slice());
            held += bytes.length;
            if (held >= PART) gather();
        },
        finish: async () => {
            gather();
            save(new Blob(blobs), name);
        },
        discard: async () => { blobs = []; pieces = []; },
    };
}

/** The same over a file of the user's choice; null if they choose none. */
export async function fileSink(name) {
    let stream;
    try {
        stream = await (await window.showSaveFilePicker({ suggestedName: name.replace(UNUSUAL, '_') })).createWritable();
    } catch (error) {
        if (error.name === 'AbortError') return null;
        throw error;
    }
    return { write: (bytes) => stream.write(bytes), finish: () => stream.close(), discard: () => stream.abort().catch(() => {}) };
}
