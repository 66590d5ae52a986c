/* The list of users in their grace time. presence.c adds and removes them. */
#include "serve/channel/leavers.h"

#include <stdlib.h>
#include <utlist.h>

#include "serve/channel/roster.h"
#include "text/buf.h"

void
leavers_add(struct leavers *leavers, struct channel *channel, struct user *user, int64_t due_ms)
{
	struct leaver *leaver = chat_alloc_zeroed(1, sizeof(*leaver));

	leaver->channel = channel;
	leaver->user = user;
	leaver->due_ms = due_ms;
	user->leaver = leaver;
	DL_APPEND(leavers->first, leaver);
	leavers->count++;
}

void
leavers_remove(struct leavers *leavers, struct user *user)
{
	if (!user->leaver)
		return;
	DL_DELETE(leavers->first, user->leaver);
	leavers->count--;
	free(user->leaver);
	user->leaver = NULL;
}
