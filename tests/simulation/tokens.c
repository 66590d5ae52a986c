/* The file of tokens that the server reads, as an operator writes it. */
#include "simulation/tokens.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/adversary.h"
#include "simulation/run.h"
#include "wire/digest.h"

#define BLANKS (1 << 9) /* bits of `which` behind those of the adversaries' users */
#define SECOND_LINES (1 << 10)
#define NO_IDS (1 << 11)

struct text {
	char bytes[16384];
	size_t len;
};

static void
put(struct text *text, const char *name, const char *token, const char *id)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	char hex[2 * CHAT_SHA256_BYTES + 1];

	chat_sha256(digest, (struct chat_span){token, strlen(token)});
	chat_hex(hex, digest, sizeof(digest));
	text->len += (size_t)snprintf(text->bytes + text->len, sizeof(text->bytes) - text->len,
		"%s:%s%s%s\n", name, hex, id ? ":" : "", id ? id : "");
}

static void
put_user(struct text *text, const char *name, const char *id, int64_t which)
{
	char token[64];

	snprintf(token, sizeof(token), TOKENS_PREFIX "%s", name);
	put(text, name, token, id);
	if (which & SECOND_LINES)
		put(text, name, "another", which & NO_IDS ? NULL : id);
}

static void
write_file(const char *bytes, size_t len)
{
	struct file *file;

	if (disk_open(TOKENS_PATH, O_WRONLY | O_CREAT | O_TRUNC, &file) < 0)
		abort();
	disk_write_at(file, bytes, len, 0);
	file_unref(file);
}

static void
put_honest(struct text *text, int64_t which)
{
	char name[32], id[16];

	for (unsigned i = 0; i < SPEAKERS_MOST; i++) {
		snprintf(name, sizeof(name), "speaker%u", i);
		snprintf(id, sizeof(id), "s%u", i);
		put_user(text, name, id, which);
	}
	for (unsigned i = 0; i < LISTENERS_MOST; i++) {
		snprintf(name, sizeof(name), "listener%u", i);
		snprintf(id, sizeof(id), "l%u", i);
		put_user(text, name, id, which);
	}
	put_user(text, "final", "f", which);
}

void
tokens_write(int64_t which)
{
	static const char blanks[] = "\xef\xbb\xbf# of everybody\r\n\n \t\n";
	struct text text = {.len = 0};
	char name[32];

	if (which & BLANKS) {
		memcpy(text.bytes, blanks, sizeof(blanks) - 1);
		text.len = sizeof(blanks) - 1;
	}
	put_honest(&text, which);
	for (unsigned i = 0; i < ADVERSARIES_MOST * ADVERSARY_NAMES; i++) {
		snprintf(name, sizeof(name), "evil%u-%u", i / ADVERSARY_NAMES, i % ADVERSARY_NAMES);
		if (which & 1 << i)
			put_user(&text, name, which & NO_IDS ? NULL : name, which);
	}
	write_file(text.bytes, text.len);
}

void
tokens_spoil(int64_t which)
{
	static const char zeros[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	char text[512];
	int len = 0;

	switch (which % 5) {
	case 0:
		disk_remove(NULL, TOKENS_PATH);
		return;
	case 1:
		len = snprintf(text, sizeof(text), "evil0-0:0123456789abcdef\n");
		break;
	case 2: /* a name that is too short */
		len = snprintf(text, sizeof(text), "x:%s\n", zeros);
		break;
	case 3: /* two ids of one */
		len = snprintf(text, sizeof(text), "evil:%s:one\nevil:%s:other\n", zeros, zeros);
		break;
	default: /* one id of two */
		len = snprintf(text, sizeof(text), "evil:%s:one\nother:%s:one\n", zeros, zeros);
	}
	write_file(text, (size_t)len);
}
