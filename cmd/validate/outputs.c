/*
 * Opens and closes the outputs of chat-validate: findings, lines that are passed on, and rejected
 * lines.
 */
#include "validate/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/diag.h"

/*
 * Returns true if one of the names (NULL-terminated) is this file, which must then not be written.
 */
static bool
is_read_too(const struct stat *file, char **names)
{
	struct stat read;

	for (; *names; names++)
		if (stat(*names, &read) == 0 && read.st_dev == file->st_dev &&
			read.st_ino == file->st_ino)
			return true;
	return false;
}

static void
rejects_open(struct writer *rejects, const char *name, char **names)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct stat stat;
	bool regular;

	if (fd < 0 || fstat(fd, &stat) < 0)
		chat_die(CHAT_EXIT_CANNOT_CREATE, "%s: %s", name, strerror(errno));
	regular = S_ISREG(stat.st_mode);
	if (regular && is_read_too(&stat, names))
		chat_die_usage("--rejects: %s is one of the files to be read", name);
	if (regular && ftruncate(fd, 0) < 0)
		chat_die(CHAT_EXIT_CANNOT_CREATE, "%s: %s", name, strerror(errno));
	writer_init(rejects, fd, name);
}

void
outputs_open(struct outputs *outputs, bool passes, const char *rejects, char **names)
{
	*outputs = (struct outputs){.has_rejects = rejects != NULL};
	writer_init(&outputs->lines, STDOUT_FILENO, "stdout");
	writer_init(&outputs->findings, passes ? STDERR_FILENO : STDOUT_FILENO,
		passes ? "stderr" : "stdout");
	if (rejects)
		rejects_open(&outputs->rejects, rejects, names);
}

static void
writer_finish(struct writer *writer)
{
	writer_flush(writer);
	writer_free(writer);
}

void
outputs_close(struct outputs *outputs)
{
	writer_finish(&outputs->findings);
	writer_finish(&outputs->lines);
	writer_finish(&outputs->rejects);
	if (outputs->has_rejects && close(outputs->rejects.fd) < 0)
		chat_die(CHAT_EXIT_IO, "%s: %s", outputs->rejects.name, strerror(errno));
}
