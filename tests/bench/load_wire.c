/* Sends and receives the bytes of the load generator's connections. */
#include "load_wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/diag.h"
#include "text/buf.h"

#define SKIP_BYTES 16384 /* a record of TLS */

struct wires {
	SSL_CTX *context;
};

struct wires *
wires_open(void)
{
	struct wires *wires = chat_alloc_zeroed(1, sizeof(*wires));

	wires->context = SSL_CTX_new(TLS_client_method());
	if (!wires->context)
		chat_die(1, "TLS cannot be had");
	SSL_CTX_set_mode(wires->context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			SSL_MODE_RELEASE_BUFFERS);
	return wires;
}

void
wires_close(struct wires *wires)
{
	if (wires)
		SSL_CTX_free(wires->context);
	free(wires);
}

void
wire_open(struct wire *wire, int fd, struct wires *wires)
{
	*wire = (struct wire){.fd = fd};
	if (!wires)
		return;
	wire->ssl = SSL_new(wires->context);
	if (!wire->ssl || SSL_set_fd(wire->ssl, fd) != 1)
		chat_die(1, "TLS cannot be had");
	SSL_set_connect_state(wire->ssl);
}

void
wire_close(struct wire *wire)
{
	SSL_free(wire->ssl);
	if (wire->fd >= 0)
		close(wire->fd);
	*wire = (struct wire){.fd = -1};
}

/* Returns -1 and sets errno as recv(2) or send(2) would, for a call that moved nothing. */
static ssize_t
wire_status(struct wire *wire, int result)
{
	int error = SSL_get_error(wire->ssl, result);

	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		errno = EAGAIN;
	else if (error == SSL_ERROR_SSL)
		chat_die(1, "TLS: %s", ERR_reason_error_string(ERR_peek_error()));
	return -1;
}

bool
wire_is_up(struct wire *wire)
{
	int result;

	if (!wire->ssl)
		return true;
	result = SSL_do_handshake(wire->ssl);
	if (result != 1 && (wire_status(wire, result) == 0 || errno != EAGAIN))
		chat_die(1, "TLS: the server ended the connection");
	return result == 1;
}

ssize_t
wire_send(struct wire *wire, const void *bytes, size_t len)
{
	size_t sent, total = 0;

	if (!wire->ssl)
		return send(wire->fd, bytes, len, MSG_NOSIGNAL);
	while (total < len) {
		int result =
			SSL_write_ex(wire->ssl, (const char *)bytes + total, len - total, &sent);

		if (result != 1)
			return total ? (ssize_t)total : wire_status(wire, result);
		total += sent;
	}
	return (ssize_t)total;
}

ssize_t
wire_recv(struct wire *wire, void *bytes, size_t size)
{
	size_t got, total = 0;

	if (!wire->ssl)
		return recv(wire->fd, bytes, size, 0);
	while (total < size) {
		int result = SSL_read_ex(wire->ssl, (char *)bytes + total, size - total, &got);

		if (result != 1)
			return total ? (ssize_t)total : wire_status(wire, result);
		total += got;
	}
	return (ssize_t)total;
}

ssize_t
wire_skip(struct wire *wire)
{
	char bytes[SKIP_BYTES];
	ssize_t got, total = 0;

	if (!wire->ssl)
		return recv(wire->fd, NULL, 1 << 30, MSG_TRUNC);
	while ((got = wire_recv(wire, bytes, sizeof(bytes))) > 0)
		total += got;
	return total ? total : got;
}
