/*
 * Any bytes as lines: what the scanner accepts, in any variant, the general reader accepts. The
 * buffer ends where the padding does.
 */
#include <stdlib.h>

#include "msg.h"
#include "scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ignore(void *arg, const struct chat_err *finding)
{
	(void)arg;
	(void)finding;
}

static void
check_accepted(const char *at, const char *end)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct chat_span line = {at, (size_t)(newline - at)};

		if (chat_msg_check(NULL, line, CHAT_FROM_ANY, false, ignore, NULL) > 0)
			abort();
		at = newline + 1;
	}
}

static void
scan_all(enum chat_scan_variant variant, const char *at, const char *end)
{
	struct chat_scan_lines lines = {.at = at, .end = end, .max_line = SIZE_MAX};
	struct chat_scan *scan = chat_scan_new(CHAT_FROM_ANY, variant);

	while (lines.at < end) {
		const char *before = lines.at;

		chat_scan_accept(scan, &lines);
		check_accepted(before, lines.at);
		if (lines.at < end)
			lines.at =
				(const char *)memchr(lines.at, '\n', (size_t)(end - lines.at)) + 1;
	}
	chat_scan_free(scan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *room = malloc(size + 1 + CHAT_SCAN_PADDING);

	memcpy(room, data, size);
	room[size] = '\n';
	memset(room + size + 1, '"', CHAT_SCAN_PADDING);
	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++)
		if (chat_scan_can((enum chat_scan_variant)variant))
			scan_all((enum chat_scan_variant)variant, room, room + size + 1);
	free(room);
	return 0;
}
