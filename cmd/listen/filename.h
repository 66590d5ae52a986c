#ifndef LISTEN_FILENAME_H
#define LISTEN_FILENAME_H

#include "chat/buf.h"

/*
 * What a stranger calls a file, as a name that every file system takes, vfat too: the part after
 * the last slash of either kind, of at most FILENAME_MAX_BYTES, with no dot in front and no dot or
 * space at the end. A reserved or a control character becomes '_', and a name of a device (CON,
 * com1.txt) gets one in front. Appended with a NUL; name is UTF-8.
 */
#define FILENAME_MAX_BYTES 200 /* room for a number within the 255 of file systems */
void filename_make(struct chat_buf *out, const char *name);

/* "a.tar.gz" and 2: "a.2.tar.gz"; the name itself for 0. Replaces what is in out; with a NUL. */
void filename_number(struct chat_buf *out, const char *name, unsigned number);

#endif
