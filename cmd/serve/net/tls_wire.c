/*
 * The BIO through which OpenSSL uses the socket. It has no buffer: OpenSSL reads the header of a
 * record and then its body, so all later records stay in the socket.
 *
 * It limits what one tls_read() can read. OpenSSL continues a read while it receives records
 * without data (key updates, empty records), and stops only when there is no input.
 */
#include "serve/net/tls_private.h"

#include <openssl/bio.h>
#include <sys/socket.h>

#include "serve/net/stream_status.h"

static int
wire_read(BIO *bio, char *bytes, size_t size, size_t *got)
{
	struct tls_session *session = BIO_get_data(bio);
	ssize_t count;

	BIO_clear_retry_flags(bio);
	if (session->reads_left == 0 || session->bytes_left == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	session->reads_left--;
	count = recv(session->fd, bytes, size, 0);
	if (count > 0) {
		*got = (size_t)count;
		session->bytes_left -= *got < session->bytes_left ? *got : session->bytes_left;
	} else if (count == 0) {
		session->ended = true;
	} else if (stream_status(errno) == STREAM_WAIT) {
		BIO_set_retry_read(bio);
	}
	return count > 0;
}

static int
wire_write(BIO *bio, const char *bytes, size_t len, size_t *sent)
{
	const struct tls_session *session = BIO_get_data(bio);
	ssize_t count = send(session->fd, bytes, len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (count >= 0)
		*sent = (size_t)count;
	else if (stream_status(errno) == STREAM_WAIT)
		BIO_set_retry_write(bio);
	return count >= 0;
}

static long
wire_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_session *session = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return session->ended;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
tls_wire_new(void)
{
	BIO_METHOD *wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "chat");

	if (wire && BIO_meth_set_read_ex(wire, wire_read) == 1 &&
		BIO_meth_set_write_ex(wire, wire_write) == 1 &&
		BIO_meth_set_ctrl(wire, wire_control) == 1)
		return wire;
	BIO_meth_free(wire);
	return NULL;
}

BIO *
tls_wire_open(struct tls_session *session)
{
	BIO *wire = BIO_new(session->tls->wire);

	if (!wire)
		return NULL;
	BIO_set_data(wire, session);
	BIO_set_init(wire, 1);
	return wire;
}
