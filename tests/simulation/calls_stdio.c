/* Files of the C library that are read line by line: of tokens. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "simulation/calls.h"

struct sim_stdio {
	int fd;
	char *bytes; /* the whole file */
	size_t len, at;
	bool failed;
};

static void
read_all(struct sim_stdio *file)
{
	ssize_t count = 1;

	while (count > 0) {
		file->bytes = sim_realloc(file->bytes, file->len + BUFSIZ);
		count = sim_read(file->fd, file->bytes + file->len, BUFSIZ);
		if (count > 0)
			file->len += (size_t)count;
	}
	file->failed = count < 0;
}

struct sim_stdio *
sim_fopen64(const char *path, const char *mode)
{
	struct sim_stdio *file;
	int fd = sim_open64(path, O_RDONLY);

	(void)mode;
	if (fd < 0)
		return NULL;
	file = sim_calloc(1, sizeof(*file));
	file->fd = fd;
	read_all(file);
	return file;
}

int
sim_fclose(struct sim_stdio *file)
{
	int fd = file->fd;

	sim_free(file->bytes);
	sim_free(file);
	return sim_close(fd);
}

int
sim_fileno(struct sim_stdio *file)
{
	return file->fd;
}

int
sim_ferror(struct sim_stdio *file)
{
	return file->failed;
}

ssize_t
sim_getdelim(char **line, size_t *cap, int delimiter, struct sim_stdio *file)
{
	const char *from = file->bytes + file->at, *end;
	size_t len = file->len - file->at;

	if (!len)
		return -1;
	end = memchr(from, delimiter, len);
	if (end)
		len = (size_t)(end + 1 - from);
	if (*cap < len + 1) {
		*cap = len + 1;
		*line = sim_realloc(*line, *cap);
	}
	memcpy(*line, from, len);
	(*line)[len] = '\0';
	file->at += len;
	return (ssize_t)len;
}

ssize_t
sim_getline(char **line, size_t *cap, struct sim_stdio *file)
{
	return sim_getdelim(line, cap, '\n', file);
}

ALIAS(sim___getdelim, sim_getdelim);
