/*
 * The BIO through which OpenSSL uses the socket.
 *
 * After the handshake it reads ahead: one recv(2) takes several small records, and OpenSSL asks for
 * the header and the body of each. Nothing that was read ahead outlives its tls_read(), so whatever
 * else has arrived is in the socket, and poll(2) reports it.
 *
 * It limits what one tls_read() can read. OpenSSL continues a read while it receives records
 * without data (key updates, empty records), and stops only when there is no input. The number of
 * records in the bytes that are read ahead is not known before, so their mean size of the last read
 * is taken, at first the smallest that there is.
 */
#include "serve/net/tls_private.h"

#include <openssl/bio.h>
#include <string.h>
#include <sys/socket.h>

#include "serve/net/stream_status.h"

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Returns how many bytes may be read ahead where OpenSSL asks for the header of a record. */
static size_t
size_ahead(const struct tls_session *session, const struct tls_input *input)
{
	size_t size = (size_t)input->records_left * session->record_bytes;

	if (input->records_left <= 0)
		return 0;
	return least(least(size, input->bytes_left), least(input->room, TLS_AHEAD_MAX));
}

/* Receives at most `size` bytes. Returns their number; 0: none, and the BIO is told why. */
static size_t
receive(BIO *bio, struct tls_session *session, char *bytes, size_t size)
{
	struct tls_input *input = session->input;
	ssize_t count;

	if (input->dry || !size) {
		BIO_set_retry_read(bio);
		return 0;
	}
	count = recv(session->fd, bytes, size, 0);
	input->dry = count < (ssize_t)size;
	if (count == 0)
		session->ended = true;
	else if (count < 0 && stream_status(errno) == STREAM_WAIT)
		BIO_set_retry_read(bio);
	if (count <= 0)
		return 0;
	input->bytes_left -= least((size_t)count, input->bytes_left);
	input->got += (size_t)count;
	return (size_t)count;
}

static size_t
take_ahead(struct tls_input *input, char *bytes, size_t size)
{
	size = least(size, input->len - input->at);
	memcpy(bytes, input->bytes + input->at, size);
	input->at += size;
	return size;
}

static int
wire_read(BIO *bio, char *bytes, size_t size, size_t *got)
{
	struct tls_session *session = BIO_get_data(bio);
	struct tls_input *input = session->input;

	BIO_clear_retry_flags(bio);
	if (!input) {
		BIO_set_retry_read(bio);
		return 0;
	}
	if (input->at == input->len && size <= TLS_HEADER && session->up) {
		input->at = 0;
		input->len = receive(bio, session, input->bytes, size_ahead(session, input));
		if (!input->len)
			return 0;
	}
	if (input->at < input->len)
		*got = take_ahead(input, bytes, size);
	else if (size > TLS_HEADER || (input->records_left > 0 && input->bytes_left))
		*got = receive(bio, session, bytes, size);
	else
		*got = receive(bio, session, bytes, 0);
	return *got > 0;
}

static int
wire_write(BIO *bio, const char *bytes, size_t len, size_t *sent)
{
	struct tls_session *session = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (tls_output_take(session, bytes, len) < 0)
		return 0;
	*sent = len;
	return 1;
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
