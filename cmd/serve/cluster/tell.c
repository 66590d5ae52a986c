/* Answers to the senders of proposals. */
#include "serve/cluster/tell.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/channel/channel.h"
#include "serve/channel/echo.h"
#include "serve/channel/encode.h"
#include "serve/channel/member_index.h"
#include "serve/cluster/batch.h"
#include "serve/cluster/state.h"
#include "serve/journal/message_id.h"
#include "text/buf.h"

static struct member *
find_member(const struct channel *channel, uint64_t serial)
{
	struct member_index index = {0};
	struct member *member = member_index_find(&index, channel, serial);

	member_index_free(&index);
	return member;
}

static void
send_error(struct member *member, const struct outgoing_error *error)
{
	struct block *block = encode_error(error);

	member_send_frame(member, block, 0, 1);
	block_unref(block);
}

/* ---- duplicates ---- */

struct owed_answer {
	struct owed_answer *next, *prev; /* utlist in cluster->owed, by ticket */
	uint64_t ticket; /* of the journal */
	uint64_t sender;
	struct block *block; /* one reference, with one frame */
	bool is_echo;
	char channel[CHAT_CHANNEL_MAX + 1];
};

/* Returns the first message, made of the second one, which has the same content. */
static struct block *
first_message(const struct channel *channel, const struct channel_post *post,
	const struct window_message *seen)
{
	char id[MESSAGE_ID_LEN + 1];
	struct frame_place place;

	message_id_write(id, channel->channels->epoch, seen->number);
	return encode_message(block_new(0),
		&(struct outgoing_message){
			.id = {id, MESSAGE_ID_LEN},
			.sender = post->user,
			.content_json = post->content_json,
			.timestamp_ms = seen->time_ms,
			.channel = channel_name(channel),
			.nonce_json = post->nonce_json,
			.reply_to_json = post->reply_to_json,
			.via_json = post->via_json,
			.hops = post->hops,
			.file_name_json = post->file_name_json,
			.file_type_json = post->file_type_json,
			.file_size_json = post->file_size_json,
			.file_data_json = post->file_data_json,
		},
		&place);
}

void
cluster_owe_answer(struct cluster *cluster, struct channel *channel, uint64_t sender,
	const struct channel_post *post, const struct window_message *seen, uint64_t digest)
{
	struct owed_answer *owed = chat_alloc_zeroed(1, sizeof(*owed));

	owed->ticket = cluster->channels->ticket;
	owed->sender = sender;
	owed->is_echo = seen->digest == digest;
	owed->block = owed->is_echo ? first_message(channel, post, seen)
				    : encode_error(&(struct outgoing_error){
					      .code = CHAT_NONCE_REUSED,
					      .text = "another message had this nonce",
					      .nonce_json = post->nonce_json,
				      });
	memcpy(owed->channel, channel->name, channel->name_len);
	DL_APPEND(cluster->owed, owed);
}

void
cluster_owe_if_passed(struct cluster *cluster, struct channel *channel, uint64_t sender,
	const struct channel_post *post, const struct window_message *message)
{
	const struct member *member;

	if (channel->members.live == channel->members.count)
		return;
	member = find_member(channel, sender);
	if (member && member->catchup && member_has_passed(member, message->number))
		cluster_owe_answer(cluster, channel, sender, post, message, message->digest);
}

static void
pay(struct member *member, const struct owed_answer *owed)
{
	static const struct outgoing_error many = {
		.code = CHAT_RATE_LIMITED,
		.text = "too much is said again before its place in the past is reached",
		.retry_after_ms = 1000,
	};

	if (!owed->is_echo)
		member_send_frame(member, owed->block, 0, 1);
	else if (member_is_owed_many_echoes(member))
		send_error(member, &many);
	else
		member_echo(member, owed->block, 0, 1);
}

static void
forget(struct cluster *cluster, struct owed_answer *owed)
{
	DL_DELETE(cluster->owed, owed);
	block_unref(owed->block);
	free(owed);
}

void
cluster_pay_answers(struct cluster *cluster)
{
	const struct channels *channels = cluster->channels;
	struct owed_answer *owed;

	while ((owed = cluster->owed) && owed->ticket <= channels->durable) {
		struct channel *channel = channels_get(channels, chat_span_of(owed->channel));
		struct member *member = channel ? find_member(channel, owed->sender) : NULL;

		if (member)
			pay(member, owed);
		forget(cluster, owed);
	}
}

void
cluster_forget_answers(struct cluster *cluster)
{
	while (cluster->owed)
		forget(cluster, cluster->owed);
}

/* ---- what was given up ---- */

/* Sends an error with the nonce of the line. */
static void
tell_given_up(struct cluster *cluster, const struct proposal *proposal, struct chat_span line,
	struct outgoing_error *error)
{
	struct batch_message message;
	struct channel *channel;
	struct member *member;
	struct chat_err err;

	cluster->ever.refused++;
	if (batch_next(&line, &message, &err) < 0)
		chat_abort("a proposal cannot be read");
	channel = channels_get(cluster->channels, message.channel);
	member = channel ? find_member(channel, proposal->sender) : NULL;
	if (!member)
		return;
	error->nonce_json = message.post.nonce_json;
	send_error(member, error);
}

void
cluster_tell_unavailable(void *arg, struct proposal *proposal, struct chat_span line)
{
	struct cluster *cluster = arg;

	refused_add(&cluster->refused, proposal->sender, clock_now_ms(cluster->clock));
	tell_given_up(cluster, proposal, line,
		&(struct outgoing_error){
			.code = CHAT_UNAVAILABLE,
			.text = "the cluster has not stored the message in time; it may be stored "
				"later",
			.retry_after_ms = CLUSTER_RETRY_MS,
		});
}

void
cluster_tell_refused(void *arg, struct proposal *proposal, struct chat_span line)
{
	tell_given_up(arg, proposal, line,
		&(struct outgoing_error){
			.code = CHAT_STORAGE_FAILED,
			.text = "the message cannot be stored now",
		});
}
