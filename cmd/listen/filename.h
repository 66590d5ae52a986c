#ifndef LISTEN_FILENAME_H
#define LISTEN_FILENAME_H

#include "text/buf.h"

/*
 * Appends to out, with a NUL, a file name that is safe on every file system, also vfat. It is made
 * from name, which is UTF-8: the part after the last slash or backslash, without dots and spaces at
 * both ends, cut to FILENAME_MAX_BYTES; "file" if that is empty. A reserved or control character
 * becomes "_". A device name (CON, com1.txt) gets one more byte, "_", in front.
 */
#define FILENAME_MAX_BYTES 200 /* with a number it stays below the 255 bytes of file systems */
void filename_make(struct chat_buf *out, const char *name);

/*
 * Replaces the content of out with name and a number, NUL-terminated: "a.2.tar.gz" for "a.tar.gz"
 * and 2. Number 0: only the name.
 */
void filename_number(struct chat_buf *out, const char *name, unsigned number);

#endif
