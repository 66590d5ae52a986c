/* The course of a membership, for people: with --verbose all of it, else only a refusal. */
#include "common/tell.h"

#include "command/diag.h"

/* Tells a loss, and where and when the next attempt is. */
static void
tell_loss(const struct membership *membership, const struct membership_event *event)
{
	const char *url = membership->url_text;
	long long retry_ms = event->retry_ms;

	if (membership->urls->count == 1)
		chat_warn("%s: %s; again in %lld ms", url, event->err.text, retry_ms);
	else if (retry_ms == 0)
		chat_warn("%s: %s; the next is %s", url, event->err.text, event->next_url);
	else
		chat_warn("%s: %s; the next is %s, in %lld ms", url, event->err.text,
			event->next_url, retry_ms);
}

void
tell_event(const struct settings *settings, const struct membership *membership,
	const struct membership_event *event)
{
	const char *url = membership->url_text;

	if (event->what == MEMBERSHIP_LOST && (settings->verbose || event->refused))
		tell_loss(membership, event);
	if (!settings->verbose)
		return;
	if (event->what == MEMBERSHIP_CONNECT)
		chat_warn("%s: connecting", url);
	else if (event->what == MEMBERSHIP_JOIN && event->text.len > 0)
		chat_warn("%s: joined as %s", url, settings->login.identity.username);
}
