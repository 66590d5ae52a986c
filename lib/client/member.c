/*
 * The member of a channel, as other programs have it: it begins, sends, and ends. member_next.c
 * has the events.
 */
#include "chat/member.h"

#include <stdlib.h>
#include <string.h>

#include "client/member_private.h"
#include "client/token.h"
#include "client/via.h"
#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"

#define WINDOW 256 /* the default */
#define WINDOW_MOST 65536
#define QUEUE_MOST 65536 /* messages without a result */
#define QUEUE_MOST_BYTES (8u << 20)

/* Copies as much of the options as the caller has, which may be made for another version. */
static int
read_options(struct chat_member_options *options, const struct chat_member_options *given,
	struct chat_err *err)
{
	*options = (struct chat_member_options){.size = sizeof(*options)};
	if (!given)
		return 0;
	if (given->size < offsetof(struct chat_member_options, username))
		return chat_fail(
			err, CHAT_USAGE, "the size of struct chat_member_options is not set in it");
	memcpy(options, given, given->size < sizeof(*options) ? given->size : sizeof(*options));
	if (options->window > WINDOW_MOST)
		return chat_fail(err, CHAT_USAGE, "the window is at most %u", WINDOW_MOST);
	if (options->key && !options->cert)
		return chat_fail(err, CHAT_USAGE, "a key needs a certificate");
	return 0;
}

/* Returns a copy of a string that lives as long as the member; NULL for NULL. */
static char *
keep(struct chat_member *member, const char *string)
{
	size_t i = 0;

	if (!string)
		return NULL;
	while (member->strings[i])
		i++;
	member->strings[i] = chat_strdup(string);
	return member->strings[i];
}

/* Fills in how the server is reached and as which user. */
static int
find_login(
	struct chat_member *member, const struct chat_member_options *options, struct chat_err *err)
{
	struct login *login = &member->login;
	struct chat_client_options *client = &login->client;

	chat_login_init(login);
	client->cacert = keep(member, options->cacert);
	client->cacert_name = "cacert";
	client->cert = keep(member, options->cert);
	client->key = keep(member, options->key);
	client->unix_socket = keep(member, options->unix_socket);
	client->insecure = options->insecure;
	if (options->connect_timeout_ms > 0)
		client->connect_timeout_ms = options->connect_timeout_ms;
	if (options->max_message_bytes > 0)
		client->max_message_bytes = options->max_message_bytes;
	if (options->dead_after_ms > 0)
		login->dead_after_ms = options->dead_after_ms;
	if (options->token) {
		login->token = chat_token_take(chat_span_of(options->token), err);
		if (!login->token)
			return -1;
	}
	if (chat_login_find(
		    login, &(struct login_given){options->username, options->id, NULL}, err) < 0)
		return -1;
	if (!options->cacert) /* the environment may change */
		client->cacert = keep(member, client->cacert);
	return 0;
}

static int
begin(struct chat_member *member, const struct chat_member_options *options, struct chat_err *err)
{
	if (find_login(member, options, err) < 0 ||
		chat_login_urls(&member->urls, options->url, NULL, err) < 0)
		return -1;
	if (chat_pollable_open(&member->pollable, err) < 0)
		return -1;
	chat_membership_open(&member->membership, &member->login, &member->urls,
		&(struct membership_options){
			.hidden = options->hidden,
			.wait = options->wait,
			.retry_for_ms = options->retry_for_ms == 0 ? -1
				: options->retry_for_ms < 0        ? 0
								   : options->retry_for_ms,
			.since = options->since,
			.resumes = true,
		});
	chat_delivery_init(&member->delivery, &member->login.identity,
		options->window ? options->window : WINDOW, ACK_AUTO);
	member->delivery.listens = true;
	member->delivery.outbox.accepted_ids = &member->accepted_ids;
	member->resumes = options->since != NULL;
	member->past.ended = true;
	member->close.deadline_ms = INT64_MAX;
	chat_pollable_wake(&member->pollable);
	return 0;
}

struct chat_member *
chat_member_open(const struct chat_member_options *given, struct chat_err *err)
{
	struct chat_member *member = chat_alloc_zeroed(1, sizeof(*member));
	struct chat_member_options options;
	struct chat_err why;

	if (!err)
		err = &why;
	member->pollable = (struct pollable){.fd = -1, .timer_fd = -1};
	if (read_options(&options, given, err) == 0 && begin(member, &options, err) == 0)
		return member;
	chat_member_free(member);
	return NULL;
}

void
chat_member_free(struct chat_member *member)
{
	if (!member)
		return;
	chat_pollable_close(&member->pollable);
	chat_membership_free(&member->membership);
	chat_delivery_free(&member->delivery);
	chat_poll_set_free(&member->waits);
	chat_seen_free(&member->seen);
	chat_seen_free(&member->accepted_ids);
	chat_login_free(&member->login);
	chat_url_list_free(&member->urls);
	chat_buf_free(&member->id);
	for (size_t i = 0; i < MEMBER_STRINGS; i++)
		free(member->strings[i]);
	free(member);
}

int
chat_member_fd(const struct chat_member *member)
{
	return member->pollable.fd;
}

const char *
chat_member_position(const struct chat_member *member)
{
	return chat_position_id(&member->membership.position);
}

size_t
chat_member_unsettled(const struct chat_member *member)
{
	const struct outbox *outbox = &member->delivery.outbox;

	return (size_t)(outbox->next - outbox->first) - member->item_told;
}

/* Returns 0, or -1 if no message is taken now. */
static int
check_room(const struct chat_member *member, struct chat_err *err)
{
	if (member->close.asked || member->ended)
		return chat_fail(err, CHAT_CONNECTION_CLOSED, "the member has left the channel");
	if (chat_member_unsettled(member) >= QUEUE_MOST ||
		member->delivery.outbox.bytes >= QUEUE_MOST_BYTES)
		return chat_fail(err, CHAT_TRY_LATER, "too many messages are on their way");
	return 0;
}

/* Takes over the draft. */
static void
add(struct chat_member *member, struct draft *draft, uint64_t tag)
{
	draft->hops = chat_via_hops_after(draft->hops); /* a program wrote it */
	chat_outbox_add(&member->delivery.outbox, 0, draft);
	chat_outbox_tag(&member->delivery.outbox, tag);
	chat_pollable_wake(&member->pollable);
}

int
chat_member_send(
	struct chat_member *member, struct chat_span line, uint64_t tag, struct chat_err *err)
{
	struct draft draft;

	if (check_room(member, err) < 0)
		return -1;
	if (chat_draft_read(&draft, line, err) < 0) {
		if (err && err->code == CHAT_ALREADY_INITIALIZED)
			chat_fail(err, err->code, "init is sent by the member itself");
		return -1;
	}
	add(member, &draft, tag);
	return 0;
}

int
chat_member_send_text(struct chat_member *member, struct chat_span text, const char *reply_to,
	uint64_t tag, struct chat_err *err)
{
	struct draft draft;

	if (check_room(member, err) < 0 || chat_draft_text(&draft, text, reply_to, err) < 0)
		return -1;
	add(member, &draft, tag);
	return 0;
}

void
chat_member_close(struct chat_member *member, int64_t limit_ms)
{
	int64_t deadline_ms = chat_now_ms() + limit_ms;

	member->close.asked = true;
	if (deadline_ms < member->close.deadline_ms)
		member->close.deadline_ms = deadline_ms;
	chat_pollable_wake(&member->pollable);
}
