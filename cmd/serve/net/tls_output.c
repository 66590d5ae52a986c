/*
 * The encrypted bytes of a session on their way to the socket. OpenSSL never waits for the socket:
 * what it does not accept is kept here, and sent by tls_flush(). The records of a tls_write() are
 * gathered, and leave in one system call.
 */
#include <string.h>
#include <sys/socket.h>

#include "serve/net/stream_status.h"
#include "serve/net/tls_private.h"

/* The most unsent bytes: the records of a tls_write(), and the answers to what a peer asks for. */
#define UNSENT_MAX (sizeof(((struct tls_output *)0)->bytes) + ((size_t)64 << 10))

void
tls_held_by(struct tls_session *session, size_t *held)
{
	if (session->held)
		*session->held -= session->unsent.cap;
	session->held = held;
	if (held)
		*held += session->unsent.cap;
}

void
tls_output_free(struct tls_session *session)
{
	if (session->held)
		*session->held -= session->unsent.cap;
	chat_buf_free(&session->unsent);
	session->sent = 0;
}

static int
keep(struct tls_session *session, const char *bytes, size_t len)
{
	struct chat_buf *unsent = &session->unsent;
	size_t before = unsent->cap;

	if (unsent->len + len > UNSENT_MAX)
		return -1;
	chat_buf_append(unsent, bytes, len);
	if (session->held)
		*session->held += unsent->cap - before;
	return 0;
}

/* Sends bytes, or keeps what the socket does not accept. Bytes that are unsent go first. */
static int
send_or_keep(struct tls_session *session, const char *bytes, size_t len)
{
	ssize_t count = 0;

	if (!session->unsent.len)
		count = send(session->fd, bytes, len, MSG_NOSIGNAL);
	if (count < 0 && stream_status(errno) == STREAM_GONE)
		return -1;
	if (count < 0)
		count = 0;
	return (size_t)count < len ? keep(session, bytes + count, len - (size_t)count) : 0;
}

int
tls_output_send(struct tls_session *session)
{
	struct tls_output *output = session->output;
	size_t len = output->len;

	output->len = 0;
	return len ? send_or_keep(session, output->bytes, len) : 0;
}

int
tls_output_take(struct tls_session *session, const char *bytes, size_t len)
{
	struct tls_output *output = session->output;

	if (output && len > sizeof(output->bytes) - output->len && tls_output_send(session) < 0)
		return -1;
	if (!output || len > sizeof(output->bytes))
		return send_or_keep(session, bytes, len);
	memcpy(output->bytes + output->len, bytes, len);
	output->len += len;
	return 0;
}

ssize_t
tls_flush(struct tls_session *session)
{
	struct chat_buf *unsent = &session->unsent;
	ssize_t count;

	if (!unsent->len)
		return 0;
	count = send(
		session->fd, unsent->at + session->sent, unsent->len - session->sent, MSG_NOSIGNAL);
	if (count < 0)
		return stream_status(errno) == STREAM_GONE ? STREAM_GONE : 0;
	session->sent += (uint32_t)count;
	if (session->sent == unsent->len)
		tls_output_free(session);
	return count;
}

size_t
tls_unsent(const struct tls_session *session)
{
	return session->unsent.len - session->sent;
}
