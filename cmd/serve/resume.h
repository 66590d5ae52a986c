#ifndef SERVE_RESUME_H
#define SERVE_RESUME_H

#include <stdbool.h>

#include "serve/guest.h"
#include "serve/presence.h"
#include "span.h"

/*
 * A newcomer whose `since` lies before what its room remembers. While the journal is read for it,
 * beside the loop, it is no member yet; what it says meanwhile waits.
 */
struct resume;

/* false: there is no need of it. join is copied. */
bool resume_start(struct guest *guest, const struct room_join *join);

/* A message of the peer that came too early. */
void resume_hold(struct resume *resume, struct chat_span text);

/* The guest is gone; nothing if it was not waiting. */
void resume_abandon(struct guest *guest);

#endif
