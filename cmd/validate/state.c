/*
 * --state: checks a message against the messages before it, in a log or in the stream of one
 * connection. The tables are in state_store.c.
 */
#include "validate/state.h"

#include <stdlib.h>

#include "text/buf.h"
#include "validate/state_order.h"
#include "validate/state_presence.h"
#include "validate/state_store.h"

struct state *
state_new(int scan)
{
	struct state *state = chat_alloc_zeroed(1, sizeof(*state));

	if (scan >= 0)
		state->scan = chat_scan_new(CHAT_FROM_ANY, (enum chat_scan_variant)scan);
	return state;
}

void
state_reset(struct state *state)
{
	state_clear(state);
}

void
state_free(struct state *state)
{
	if (!state)
		return;
	state_clear(state);
	chat_scan_free(state->scan);
	free(state);
}

/* A second init is an error, unless the server has sent an error after the first one. */
static void
check_init(const struct look *look, const struct chat_msg *msg)
{
	struct state *state = look->state;

	if (state->initialized && !state->refused)
		state_report(look, &msg->value[CHAT_SLOT_TYPE], CHAT_ALREADY_INITIALIZED, "/type",
			"a second init");
	state->initialized = true;
	state->refused = false;
}

/* A client must send init before any other message. */
static void
check_initialized(const struct look *look, const struct chat_msg *msg)
{
	if (!look->state->initialized)
		state_report(look, &msg->value[CHAT_SLOT_TYPE], CHAT_NOT_INITIALIZED, "/type",
			"comes before init");
}

void
state_check(struct state *state, const struct chat_msg *msg, struct chat_span line,
	chat_msg_report *report, void *arg)
{
	const struct look look = {state, line, report, arg};

	switch (msg->type) {
	case CHAT_TYPE_INIT:
		check_init(&look, msg);
		break;
	case CHAT_TYPE_TEXT:
	case CHAT_TYPE_FILE:
		check_initialized(&look, msg);
		break;
	case CHAT_TYPE_MESSAGE:
		state_check_message(&look, msg);
		break;
	case CHAT_TYPE_ERROR:
		state->refused = true;
		break;
	case CHAT_TYPE_USER_DATA:
		state_note_users(&look, msg);
		break;
	case CHAT_TYPE_USER_STATUS:
		state_check_status(&look, msg);
		break;
	case CHAT_TYPE_HISTORY:
		state_check_history(&look, msg);
		break;
	case CHAT_TYPES:
	case CHAT_TYPE_UNKNOWN:
		break;
	}
}
