#ifndef LISTEN_FILENAME_H
#define LISTEN_FILENAME_H

#include "chat/buf.h"

/*
 * Appends to out, with a NUL, a safe form of the file name in a message, which every file system
 * takes, vfat too: the part after the last slash or backslash, at most FILENAME_MAX_BYTES, without
 * dots at the front and dots or spaces at the end. A reserved or control character becomes '_', and
 * a device name (CON, com1.txt) gets a '_' in front. name is UTF-8.
 */
#define FILENAME_MAX_BYTES 200 /* with a number it is within the 255 of file systems */
void filename_make(struct chat_buf *out, const char *name);

/*
 * Replaces out by a name with a number, with a NUL: "a.2.tar.gz" for "a.tar.gz" and 2. Number 0:
 * the name itself.
 */
void filename_number(struct chat_buf *out, const char *name, unsigned number);

#endif
