#ifndef SERVE_URL_FILE_H
#define SERVE_URL_FILE_H

#include "err.h"

/*
 * Writes a URL and a newline where others look for it: there whole or not at all, never over
 * something that is not a regular file. CHAT_CANNOT_CREATE, CHAT_IO_ERROR.
 */
int url_file_write(const char *path, const char *url, struct chat_err *err);

#endif
