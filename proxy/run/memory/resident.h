/*
 * What a process keeps in memory of programs and libraries.
 *
 * Owns: nothing. Thread: any. Errors: none: a page that stays is no fault. Lifetime: none.
 */
#ifndef WSLUICE_RUN_MEMORY_RESIDENT_H
#define WSLUICE_RUN_MEMORY_RESIDENT_H

/*
 * Gives back the pages of code and constants, most of which only the start needs (OpenSSL's are
 * several MiB). Those that are needed come back from the page cache when they are used.
 */
void resident_release_code(void);

#endif
