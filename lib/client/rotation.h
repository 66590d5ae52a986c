#ifndef CLIENT_ROTATION_H
#define CLIENT_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/url_list.h"

/*
 * Decides which of several servers is tried next. In a round each server is tried at most once, one
 * after the other without a pause; between two rounds the owner pauses. A server is known by its
 * index in the list.
 */
struct rotation {
	size_t count; /* servers */
	size_t at; /* the server that is used now or next */
	/* A bit for each server: */
	uint32_t tried; /* it has failed in this round */
	uint32_t refused; /* it has failed by a refusal in this round */
	uint32_t told; /* its refusal was told, and it was not joined since */
	int64_t not_before_ms[CHAT_URL_LIST_MOST]; /* it asked for no attempt before; 0: no limit */
};

/* Begins with this server. */
void chat_rotation_begin(struct rotation *rotation, size_t count, size_t at);

/* The server was joined. */
void chat_rotation_joined(struct rotation *rotation);

/* Begins a round: the server was of use for some time, so that all others are to be tried again. */
void chat_rotation_begin_round(struct rotation *rotation);

/*
 * The server has failed. refused: by an answer that another attempt would not change. Returns true
 * if it is a refusal that is worth telling: the first one since it was joined.
 */
bool chat_rotation_fail(struct rotation *rotation, bool refused);

/* Returns true if a server is left in this round that may be tried now. */
bool chat_rotation_has_more(const struct rotation *rotation, int64_t now_ms);

/* Returns true if every server has refused in this round. */
bool chat_rotation_all_refused(const struct rotation *rotation);

/*
 * Moves to the next server. If none is left in this round, begins a round, with the server that may
 * be tried first.
 */
void chat_rotation_move(struct rotation *rotation, int64_t now_ms);

#endif
