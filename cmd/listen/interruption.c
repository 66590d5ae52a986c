/* --human: a connection that is lost, and one that is there again. */
#include "listen/interruption.h"

#include "command/diag.h"

void
interruption_note(struct interruption *interruption, const struct membership *membership,
	const struct membership_event *event)
{
	if (event->what == MEMBERSHIP_LOST && !interruption->away) {
		interruption->away = true;
		interruption->loss_due = !interruption->return_due && !event->refused;
		interruption->return_due = false;
		interruption->loss = event->err;
		interruption->loss_url = membership->url_text;
	} else if (event->what == MEMBERSHIP_JOIN && interruption->away) {
		interruption->away = false;
		interruption->return_due = true;
		interruption->again = event->again;
	}
}

void
interruption_tell(struct interruption *interruption, const struct membership *membership)
{
	if (interruption->loss_due)
		chat_warn("%s: %s; trying to connect again", interruption->loss_url,
			interruption->loss.text);
	if (interruption->return_due)
		chat_warn("%s: connected%s", membership->url_text,
			interruption->again ? " again" : "");
	interruption->loss_due = interruption->return_due = false;
}
