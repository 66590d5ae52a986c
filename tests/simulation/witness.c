/* Compares the memory that the server says it holds with what it has allocated. */
#include "simulation/witness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The memory at the start, and that of the 8 files of an index that a reader keeps open. */
#define UNCOUNTED_BYTES (320 << 10)

struct witness {
	struct run *run;
	unsigned node;
	struct file *file; /* owned */
};

/* The sum of the numbers of an object of numbers, which ends with a brace. */
static size_t
sum_of(const char *at)
{
	size_t sum = 0;

	for (; *at && *at != '}'; at++)
		if (*at == ':')
			sum += strtoul(at + 1, NULL, 10);
	return sum;
}

static size_t
number_of(const char *memory, const char *key)
{
	const char *at = strstr(memory, key);

	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

/* Compares the sum of the kinds of memory with what was allocated. A block of the history or a page
 * of the past that waits in queues is counted there, too, and a block of two messages is counted
 * for both (block_keep). */
static void
compare(struct run *run, const char *line)
{
	const char *memory = strstr(line, "\"memory\":{");
	size_t counted, elsewhere, held = process_memory(process_self());

	if (!memory)
		return;
	counted = sum_of(strchr(memory, '{'));
	elsewhere = number_of(memory, "\"queues\":") + number_of(memory, "\"past\":") +
		(number_of(memory, "\"history\":") + number_of(memory, "\"nonces\":")) / 2;
	if (run->plan->has_tls)
		elsewhere += number_of(memory, "\"connections\":"); /* OpenSSL has allocated it */
	world_tally()->metrics++;
	world_trace("counts %zu bytes of %zu", counted, held);
	if (held + elsewhere + counted / 4 < counted ||
		held > counted + counted / 8 + UNCOUNTED_BYTES)
		run_fail(run, "the server counts %zu bytes, and holds %zu", counted, held);
}

static ssize_t
write_through(struct file *file, const void *bytes, size_t len)
{
	struct witness *witness = file->data;
	ssize_t count = witness->file->kind->write(witness->file, bytes, len);
	char *line = count > 0 ? strndup(bytes, (size_t)count) : NULL;

	if (line && process_self() == run_server(witness->run, witness->node))
		compare(witness->run, line);
	free(line);
	return count;
}

static short
ready(struct file *file)
{
	(void)file;
	return POLLOUT;
}

static void
status_of(struct file *file, struct stat *status)
{
	struct witness *witness = file->data;

	witness->file->kind->status(witness->file, status);
}

static void
close_witness(struct file *file)
{
	struct witness *witness = file->data;

	file_unref(witness->file);
	free(witness);
}

static const struct file_kind witness_kind = {
	.write = write_through,
	.ready = ready,
	.close = close_witness,
	.status = status_of,
};

struct file *
witness_open(struct run *run, unsigned node, const char *path)
{
	struct witness *witness = calloc(1, sizeof(*witness));

	if (!witness)
		abort();
	witness->run = run;
	witness->node = node;
	if (disk_open(path, O_RDWR | O_CREAT | O_APPEND, &witness->file) < 0)
		abort();
	return file_new(&witness_kind, O_WRONLY, witness);
}
