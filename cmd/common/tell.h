#ifndef COMMON_TELL_H
#define COMMON_TELL_H

#include "client/membership.h"
#include "common/settings.h"

/* With --verbose, writes on stderr that the membership connects, has joined or was lost. */
void tell_event(const struct settings *settings, const struct membership *membership,
	const struct membership_event *event);

#endif
