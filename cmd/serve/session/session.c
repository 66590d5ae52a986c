/* The base of all other files of sessions: the state of a session, and its log. */
#include "serve/session/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

/* Returns the list of the session's state, or NULL if the state has no list. */
static struct session **
list_of(struct session *session)
{
	switch (session->state) {
	case SESSION_AWAITS_INIT:
		return &session->context->awaiting_init;
	case SESSION_DENIED:
		return &session->context->denied;
	case SESSION_STALLED:
		return &session->context->stalled;
	case SESSION_THROTTLED:
		return &session->context->throttled;
	case SESSION_SETTLING:
		return &session->context->settling;
	default:
		return NULL;
	}
}

void
session_set_state(struct session *session, enum session_state state)
{
	struct session_context *context = session->context;
	struct session **list = list_of(session);

	if (session->state == SESSION_AWAITS_AUTH)
		auth_queue_remove(&context->auth_queue, session->auth_wait);
	if (list)
		DL_DELETE2(*list, session, prev_in_state, next_in_state);
	session->state = state;
	session->state_since_ms = clock_now_ms(context->clock);
	list = list_of(session);
	if (list)
		DL_APPEND2(*list, session, prev_in_state, next_in_state);
}

void
session_log(const struct session *session, const char *format, ...)
{
	char name[ADDRESS_NAME_MAX], text[256];
	va_list arguments;

	if (!session->context->options.is_verbose)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	address_name(session->address, name);
	error_log_printf(session->context->error_log, "%s: %s", name, text);
}
