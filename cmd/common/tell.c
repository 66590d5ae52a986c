/* --verbose: the course of a membership, for people. */
#include "common/tell.h"

#include "command/diag.h"

void
tell_event(const struct settings *settings, const struct membership *membership,
	const struct membership_event *event)
{
	const char *url = membership->url_text;

	if (!settings->verbose)
		return;
	if (event->what == MEMBERSHIP_CONNECT)
		chat_warn("%s: connecting", url);
	else if (event->what == MEMBERSHIP_JOIN && event->text.len > 0)
		chat_warn("%s: joined as %s", url, settings->login.identity.username);
	else if (event->what == MEMBERSHIP_LOST)
		chat_warn("%s: %s; again in %lld ms", url, event->err.text,
			(long long)event->retry_ms);
}
