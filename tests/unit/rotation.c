/*
 * The order in which servers are tried: each once in a round, and those that asked to wait, or have
 * refused, as they ask for.
 */
#include "client/rotation.h"

#include <stdio.h>

#include "tap.h"

/* Lets the server fail and moves on. Returns true if the next attempt is in the same round. */
static bool
fail(struct rotation *rotation, bool refused, int64_t now_ms)
{
	bool more;

	chat_rotation_fail(rotation, refused);
	more = chat_rotation_has_more(rotation, now_ms);
	chat_rotation_move(rotation, now_ms);
	return more;
}

static void
test_one(void)
{
	struct rotation rotation;

	chat_rotation_begin(&rotation, 1, 0);
	for (int i = 0; i < 3; i++)
		ok(!fail(&rotation, false, 0) && rotation.at == 0,
			"one server: each attempt is a round");
	chat_rotation_fail(&rotation, true);
	ok(chat_rotation_all_refused(&rotation), "its refusal is that of all");
}

static void
test_rounds(void)
{
	struct rotation rotation;

	chat_rotation_begin(&rotation, 3, 0);
	ok(fail(&rotation, false, 0) && rotation.at == 1, "after the first the second");
	ok(fail(&rotation, false, 0) && rotation.at == 2, "then the third");
	ok(!fail(&rotation, false, 0) && rotation.at == 0, "and the next round begins again");
	fail(&rotation, false, 0);
	chat_rotation_joined(&rotation); /* for a moment */
	ok(fail(&rotation, false, 0) && rotation.at == 2, "a short visit begins no round");
	ok(!fail(&rotation, false, 0) && rotation.at == 0, "which ends as before");
	fail(&rotation, false, 0);
	chat_rotation_joined(&rotation);
	chat_rotation_begin_round(&rotation);
	ok(fail(&rotation, false, 0) && rotation.at == 2, "after a long one");
	ok(fail(&rotation, false, 0) && rotation.at == 0, "all others are tried");
	ok(!fail(&rotation, false, 0) && rotation.at == 1, "before the next pause");
}

static void
test_begin(void)
{
	struct rotation rotation;

	chat_rotation_begin(&rotation, CHAT_URL_LIST_MOST, 5);
	is_int(rotation.at, 5, "the server to begin with is given");
	for (int i = 1; i < CHAT_URL_LIST_MOST; i++)
		if (!fail(&rotation, true, 0))
			break;
	is_int(rotation.at, 4, "the last one of a round of the most servers");
	ok(!chat_rotation_all_refused(&rotation), "not all have refused before it");
	chat_rotation_fail(&rotation, true);
	ok(chat_rotation_all_refused(&rotation), "but then");
}

static void
test_wait(void)
{
	struct rotation rotation;

	chat_rotation_begin(&rotation, 3, 0);
	rotation.not_before_ms[1] = 100;
	ok(fail(&rotation, false, 99) && rotation.at == 2, "one that asked to wait is left out");
	ok(!fail(&rotation, false, 99) && rotation.at == 0, "and does not count in the round");
	ok(fail(&rotation, false, 100) && rotation.at == 1, "when its time has come it is tried");
	rotation.not_before_ms[0] = 300;
	rotation.not_before_ms[1] = 200;
	rotation.not_before_ms[2] = 250;
	ok(!fail(&rotation, false, 150) && rotation.at == 1, "if all asked, the earliest one");
}

static void
test_refused(void)
{
	struct rotation rotation;

	chat_rotation_begin(&rotation, 2, 0);
	ok(chat_rotation_fail(&rotation, true), "the first refusal is told");
	ok(!chat_rotation_all_refused(&rotation), "one of two has refused");
	chat_rotation_move(&rotation, 0);
	ok(!chat_rotation_fail(&rotation, false), "what passes is not told");
	ok(!chat_rotation_all_refused(&rotation), "and is no refusal");
	chat_rotation_move(&rotation, 0);
	ok(!chat_rotation_fail(&rotation, true), "a second refusal is not told");
	chat_rotation_joined(&rotation);
	ok(chat_rotation_fail(&rotation, true), "one after it was joined is");
}

int
main(void)
{
	test_one();
	test_rounds();
	test_begin();
	test_wait();
	test_refused();
	return done();
}
