/* The ids of the last messages: those, and no older one, however they are escaped. */
#include "client/seen.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static struct chat_json_value
value_of(const char *text)
{
	struct chat_json_value value = {.raw = {text, strlen(text)}, .kind = CHAT_JSON_STRING};

	value.escaped = strchr(text, '\\') != NULL;
	return value;
}

static struct chat_json_value
id_of(unsigned number, char text[32])
{
	snprintf(text, 32, "\"01a219c9ec42-%010x\"", number);
	return value_of(text);
}

static bool
has(const struct seen *seen, unsigned number)
{
	char text[32];
	struct chat_json_value id = id_of(number, text);

	return chat_seen_has(seen, &id);
}

static void
add(struct seen *seen, unsigned number)
{
	char text[32];
	struct chat_json_value id = id_of(number, text);

	chat_seen_add(seen, &id);
}

int
main(void)
{
	struct chat_json_value plain = value_of("\"a-b\""), escaped = value_of("\"a\\u002db\"");
	struct seen seen = {0};
	bool right = true;

	ok(!has(&seen, 1), "at first there is none");
	chat_seen_add(&seen, &plain);
	ok(chat_seen_has(&seen, &plain) && chat_seen_has(&seen, &escaped),
		"one, in each of its forms");
	for (unsigned i = 1; i <= 5 * SEEN_MAX; i++) {
		add(&seen, i);
		right &= has(&seen, i) && (i < SEEN_MAX || has(&seen, i - SEEN_MAX + 1)) &&
			!has(&seen, i - SEEN_MAX) && !has(&seen, i + 1);
	}
	ok(right, "the last %d of many, and none before or after them", SEEN_MAX);
	ok(!chat_seen_has(&seen, &plain), "the first is forgotten");
	for (unsigned i = 0; i < 3 * SEEN_MAX; i++)
		chat_seen_add(&seen, &plain);
	ok(chat_seen_has(&seen, &escaped) && !has(&seen, 5 * SEEN_MAX),
		"the same one again and again");
	chat_seen_free(&seen);
	return done();
}
