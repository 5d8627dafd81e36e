/*
 * A recorded session in the format of websockify's --record, which noVNC's playback reads: a
 * JavaScript array with one string for each run of bytes.
 *
 *      var VNC_frame_data = [
 *      '{12{RFB 003.008\n',            from the target, 12 ms after the beginning
 *      '}15}RFB 003.008\n',            from the client
 *      'EOF'];
 *
 * Each character stands for one byte. All is ASCII: bytes that are not printable are escaped.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_TAP_RECORDING_FORMAT_H
#define WSLUICE_SERVE_TAP_RECORDING_FORMAT_H

#include "base/base.h"

#define RECORDING_FORMAT_HEAD "var VNC_frame_data = [\n"
#define RECORDING_FORMAT_TAIL "'EOF'];\n"

/* The longest entry of `length` bytes: escapes of four characters, direction and time. */
#define RECORDING_FORMAT_ENTRY_MAX(length) (4 * (length) + 32)

/* Writes one entry and returns its length; `out` has room for RECORDING_FORMAT_ENTRY_MAX. */
size_t recording_format_entry(char *out, bool from_client, uint64_t milliseconds,
                              const uint8_t *bytes, size_t length);

#endif
