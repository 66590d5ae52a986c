/* The nonces of a cluster: found for a time of the log, and while there are not too many newer
 * ones. */
#include "serve/cluster/window.h"

#include "tap.h"

static struct nonce_key
key_of(uint64_t number)
{
	return (struct nonce_key){{number, ~number}};
}

static void
add(struct window *window, uint64_t number, int64_t time_ms)
{
	window_add(window, key_of(number),
		&(struct window_message){.number = number, .time_ms = time_ms, .digest = 7});
}

int
main(void)
{
	struct window window = {0};
	const struct window_message *found;

	ok(!window_find(&window, key_of(1), 0), "an empty window has nothing");
	add(&window, 1, 1000);
	add(&window, 2, 2000);
	found = window_find(&window, key_of(1), 2000);
	ok(found && found->number == 1 && found->time_ms == 1000 && found->digest == 7, "found");
	ok(window_find(&window, key_of(1), 1000 + WINDOW_MS), "after five minutes");
	ok(!window_find(&window, key_of(1), 1001 + WINDOW_MS), "and not later");
	ok(window_find(&window, key_of(2), 1001 + WINDOW_MS), "the next one is still there");
	for (uint64_t i = 3; i < 3 + WINDOW_NONCES; i++)
		add(&window, i, 3000);
	ok(!window_find(&window, key_of(2), 3000), "forgotten because a million are newer");
	ok(window_find(&window, key_of(3), 3000), "the first of the million is there");
	is_int(window.count, WINDOW_NONCES, "and no more");
	window_free(&window);
	is_int(window.count, 0, "all is freed");
	return done();
}
