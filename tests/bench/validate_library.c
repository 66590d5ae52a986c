/*
 * A checker as other people would write it with libchat: public headers, linked with the shared
 * library.
 *
 *	validate_library [feed] FILE
 *
 * Maps the file and checks it with one call of chat_validate; feed: reads it and gives blocks of
 * 64 KiB to a validator. Prints how many lines are messages.
 */
#include <chat/validate.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
check_at_once(int fd, struct chat_counts *counts)
{
	struct stat stat;
	char *bytes;

	if (fstat(fd, &stat) < 0)
		return -1;
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	return chat_validate(chat_span_make(bytes, (size_t)stat.st_size), CHAT_FROM_ANY, 0, NULL,
		NULL, counts, NULL);
}

static int
check_blocks(int fd, struct chat_counts *counts)
{
	static char block[64 * 1024];
	struct chat_validator *validator = chat_validator_new(CHAT_FROM_ANY, 0, 0);
	ssize_t got;

	if (!validator)
		return -1;
	while ((got = read(fd, block, sizeof(block))) > 0)
		if (chat_validator_feed(validator, chat_span_make(block, (size_t)got), NULL) < 0)
			return -1;
	if (got < 0 || chat_validator_end(validator, NULL) < 0)
		return -1;
	*counts = *chat_validator_counts(validator);
	chat_validator_free(validator);
	return counts->invalid > 0;
}

int
main(int argc, char **argv)
{
	bool feeds = argc == 3 && strcmp(argv[1], "feed") == 0;
	int fd = argc > 1 ? open(argv[argc - 1], O_RDONLY) : -1, result;
	struct chat_counts counts;

	result = fd < 0 ? -1 : feeds ? check_blocks(fd, &counts) : check_at_once(fd, &counts);
	if (result < 0) {
		perror("validate_library");
		return 2;
	}
	printf("%llu of %llu lines are messages\n", (unsigned long long)counts.valid,
		(unsigned long long)counts.lines);
	return result;
}
