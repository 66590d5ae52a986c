/*
 * Any bytes as lines: the general reader accepts each line that a variant of the scanner accepts.
 * If all bytes are UTF-8, the variants leave the same lines undecided; else they may differ, since
 * each checks UTF-8 ahead by its own width. The allocation ends with the padding, so that a read
 * beyond it is found.
 */
#include <stdlib.h>

#include "../unit/same_message.h"
#include "chat/msg.h"
#include "fuzz.h"
#include "message/scan.h"
#include "text/utf8.h"

static void
ignore(void *arg, const struct chat_err *finding)
{
	(void)arg;
	(void)finding;
}

/* The scanner reads a line as the general reader does. */
static void
check_read(const struct chat_scan *scan, struct chat_span line)
{
	static struct chat_msg msg, want;

	if (chat_scan_read(scan, line, &msg) &&
		(chat_msg_read(&want, line, CHAT_FROM_ANY, NULL) < 0 ||
			!is_same_message(&msg, &want)))
		abort();
}

static void
check_accepted(const struct chat_scan *scan, const char *at, const char *end)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct chat_span line = {at, (size_t)(newline - at)};

		if (chat_msg_check(NULL, line, CHAT_FROM_ANY, false, ignore, NULL) > 0)
			abort();
		check_read(scan, line);
		at = newline + 1;
	}
}

/* Returns a hash of the offsets of the undecided lines. */
static uint64_t
scan_all(const struct chat_scan *scan, const char *at, const char *end)
{
	struct chat_scan_lines lines = {.at = at, .end = end, .max_line = SIZE_MAX};
	uint64_t asked = 0;

	while (lines.at < end) {
		const char *before = lines.at;

		chat_scan_accept(scan, &lines);
		check_accepted(scan, before, lines.at);
		asked = asked * 31 + (uint64_t)(lines.at - at);
		if (lines.at < end)
			lines.at =
				(const char *)memchr(lines.at, '\n', (size_t)(end - lines.at)) + 1;
	}
	return asked;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chat_scan *scans[CHAT_SCAN_VARIANTS]; /* made once, because that is slow */
	char *room = malloc(size + 1 + CHAT_SCAN_PADDING);
	bool is_utf8 = chat_utf8_check((const char *)data, size) == size;
	uint64_t plain = 0;

	memcpy(room, data, size);
	room[size] = '\n';
	memset(room + size + 1, '"', CHAT_SCAN_PADDING);
	for (int i = 0; i < CHAT_SCAN_VARIANTS; i++) {
		enum chat_scan_variant variant = (enum chat_scan_variant)i;
		uint64_t asked;

		if (!chat_scan_can(variant))
			continue;
		if (!scans[i])
			scans[i] = chat_scan_new(CHAT_FROM_ANY, variant);
		asked = scan_all(scans[i], room, room + size + 1);
		if (variant == CHAT_SCAN_PLAIN)
			plain = asked;
		else if (is_utf8 && asked != plain)
			abort();
	}
	free(room);
	return 0;
}
