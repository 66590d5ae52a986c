/* --url-file: how a script learns the port that was free. */
#include "serve/url_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_and_close(FILE *file, const char *url)
{
	int written = fprintf(file, "%s\n", url);

	return fclose(file) == 0 && written > 0 ? 0 : -1;
}

int
url_file_write(const char *path, const char *url, struct chat_err *err)
{
	char temporary[4096];
	struct stat there;
	FILE *file;

	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: not a regular file", path);
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid()) >=
		sizeof(temporary))
		return chat_fail(err, CHAT_CANNOT_CREATE, "the name of the URL file is too long");
	file = fopen(temporary, "we");
	if (!file)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %s", path, strerror(errno));
	if (write_and_close(file, url) == 0 && rename(temporary, path) == 0)
		return 0;
	chat_fail(err, CHAT_IO_ERROR, "%s: %s", path, strerror(errno));
	unlink(temporary);
	return -1;
}
