#ifndef SERVE_CLUSTER_TELL_H
#define SERVE_CLUSTER_TELL_H

#include <stdint.h>

#include "chat/span.h"
#include "serve/cluster/proposals.h"
#include "serve/cluster/window.h"

/* The answers to senders whose messages are not published. */
struct channel;
struct channel_post;

struct cluster;
struct owed_answer;

/*
 * Owes the member with this serial the answer to a duplicate: the first message again, or
 * nonce_reused if that had another content. digest: of the second one. The member is sent it when
 * all messages are published that were applied until now, because the first one may be one of them.
 */
void cluster_owe_answer(struct cluster *cluster, struct channel *channel, uint64_t sender,
	const struct channel_post *post, const struct window_message *seen, uint64_t digest);

/*
 * Owes the member with this serial a message of its own that was just applied, if its `since` is
 * not before that message, so that it is not sent it otherwise: the member has seen a message that
 * the stream has lost since, and this one has its number.
 */
void cluster_owe_if_passed(struct cluster *cluster, struct channel *channel, uint64_t sender,
	const struct channel_post *post, const struct window_message *message);

/* Sends the answers that are due. Called after the messages of a turn were published. */
void cluster_pay_answers(struct cluster *cluster);

/* Frees the answers that were not sent. */
void cluster_forget_answers(struct cluster *cluster);

/* Tell the sender of a proposal that it was given up. arg: a struct cluster. */
proposals_give_up cluster_tell_unavailable; /* it may be stored, and may be posted again */
proposals_give_up cluster_tell_refused; /* it is not stored */

#endif
