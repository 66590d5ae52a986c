/* The users of a channel: an id has one name, a name has one id, and both are free when the user is
 * gone. */
#include "serve/channel/roster.h"

#include <stdio.h>
#include <utlist.h>

#include "slope.h"
#include "tap.h"

static struct user *
claim(struct roster *roster, const char *id, const char *name, const char *code)
{
	struct chat_err err = {0};
	struct user *user = roster_claim(roster, chat_span_of(id), chat_span_of(name), &err);

	is_str(user ? "" : chat_code_word(err.code), code, "%s as %s: '%s'", id, name, code);
	return user;
}

static void
test_claims(void)
{
	struct roster roster = {0};
	struct user *alice = claim(&roster, "1", "alice", "");

	ok(claim(&roster, "1", "alice", "") == alice, "the same id and name are the same user");
	claim(&roster, "2", "alice", "username_taken");
	claim(&roster, "1", "bob", "id_taken");
	claim(&roster, "2", "Alice", "");
	claim(&roster, "alice", "1", "");
	claim(&roster, "1", "1", "id_taken");
	ok(roster_find_id(&roster, CHAT_SPAN("1")) == alice, "found by its id");
	ok(roster_find_name(&roster, CHAT_SPAN("alice")) == alice, "found by its name");
	ok(!roster_find_id(&roster, CHAT_SPAN("3")), "an unknown id is not found");
	ok(!roster_claim(&roster, CHAT_SPAN("2"), CHAT_SPAN("alice"), NULL),
		"it fails without a place for the error, too");
	roster_remove(&roster, alice);
	ok(!roster_find_name(&roster, CHAT_SPAN("alice")), "a user that was removed is not found");
	claim(&roster, "3", "alice", "");
	roster_free(&roster);
	ok(!roster.by_id && !roster.by_name && !roster.present, "it is empty when it was freed");
}

static void
test_presence(void)
{
	struct roster roster = {0};
	struct user *users[20], *user;
	char id[20], name[20], order[100] = "";

	for (int i = 0; i < 20; i++) {
		sprintf(id, "id-%d", i);
		sprintf(name, "name %d", i);
		users[i] = claim(&roster, id, name, "");
		ok(!users[i]->present, "a user is not present at first");
		if (i % 2)
			roster_show(&roster, users[i]);
	}
	is_int(roster.present, 10, "the present ones are counted");
	roster_hide(&roster, users[5]);
	roster_remove(&roster, users[7]);
	roster_show(&roster, users[5]);
	roster_show(&roster, users[0]);
	DL_FOREACH(roster.first, user)
	sprintf(order + strlen(order), "%s ", user->id + 3);
	is_str(order, "1 3 9 11 13 15 17 19 5 0 ",
		"they are listed in the order in which they came");
	is_int(roster.present, 10, "and counted again");
	roster_free(&roster);
}

static void
test_names(void)
{
	struct roster roster = {0};
	struct user *user = claim(&roster, "x", "q\"\\/\xc3\xa9", "");

	is_str(user->name, "q\"\\/\xc3\xa9", "a name as it is");
	is_str(user->name_json, "\"q\\\"\\\\/\xc3\xa9\"", "and as JSON");
	is_int(user->name_json_len, strlen(user->name_json), "with its length");
	is_str(user->id, "x", "and its id");
	roster_free(&roster);
}

/* So many users with ascending ids: a tree without balance would take quadratic time. */
static double
work_ascend(unsigned count)
{
	struct roster roster = {0};
	char name[20];
	double begun = cpu_s();

	for (unsigned i = 0; i < count; i++) {
		sprintf(name, "user-%08u", i);
		roster_claim(&roster, chat_span_of(name), chat_span_of(name), NULL);
	}
	roster_free(&roster);
	return cpu_s() - begun;
}

int
main(void)
{
	test_claims();
	test_presence();
	test_names();
	is_linear(work_ascend, 10000, "100,000 users whose ids ascend");
	return done();
}
