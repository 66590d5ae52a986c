/*
 * Connections to servers, by libcurl. It resolves names, tries IPv4 and IPv6 addresses, asks
 * proxies and does TLS; after that it sends and receives bytes (CONNECT_ONLY with an http or https
 * URL, because Debian's libcurl has no ws). client.c adds WebSocket.
 *
 * A multi handle connects. It calls on_socket and on_timer, which store the descriptors and the
 * time for which the caller's poll loop has to wait. The easy handle must not be removed from the
 * multi handle while the connection is used, because libcurl would close the connection.
 */
#include "wire/transport.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"
#include "wire/transport_private.h"

static size_t
find_watched(const struct chat_transport *transport, curl_socket_t fd)
{
	size_t i = 0;

	while (i < transport->watched_count && transport->watched[i].fd != fd)
		i++;
	return i;
}

/* CURLMOPT_SOCKETFUNCTION: stores a descriptor and the events for which libcurl waits. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct chat_transport *transport = arg;
	size_t i = find_watched(transport, fd);

	(void)easy;
	(void)socket_arg;
	if (what == CURL_POLL_REMOVE) {
		if (i < transport->watched_count)
			transport->watched[i] = transport->watched[--transport->watched_count];
		return 0;
	}
	if (i == CHAT_CLIENT_POLL_FDS)
		return -1;
	if (i == transport->watched_count)
		transport->watched_count++;
	transport->watched[i] = (struct pollfd){.fd = fd,
		.events = (short)((what != CURL_POLL_OUT ? POLLIN : 0) |
			(what != CURL_POLL_IN ? POLLOUT : 0))};
	return 0;
}

/* CURLMOPT_TIMERFUNCTION: stores the time at which libcurl has to be called. */
static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct chat_transport *transport = arg;

	(void)multi;
	transport->wake_ms = timeout_ms < 0 ? INT64_MAX : chat_now_ms() + timeout_ms;
	return 0;
}

static int
set_multi(struct chat_transport *transport)
{
	CURLM *multi = transport->multi;
	int failed = 0;

	failed |= curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK;
	failed |= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transport) != CURLM_OK;
	failed |= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK;
	failed |= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transport) != CURLM_OK;
	return failed;
}

struct chat_transport *
chat_transport_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_transport *transport = chat_alloc_zeroed(1, sizeof(*transport));

	transport->socket = CURL_SOCKET_BAD;
	transport->wake_ms = INT64_MAX;
	transport->easy = chat_need(curl_easy_init());
	transport->multi = chat_need(curl_multi_init());
	if (set_multi(transport) != 0 || chat_transport_set(transport, url, options) != 0 ||
		curl_multi_add_handle(transport->multi, transport->easy) != CURLM_OK) {
		chat_fail(err, CHAT_USAGE, "libcurl %s does not take the connection's settings",
			curl_version_info(CURLVERSION_NOW)->version);
		chat_transport_free(transport);
		return NULL;
	}
	if (options->unix_socket)
		snprintf(
			transport->address, sizeof(transport->address), "%s", options->unix_socket);
	return transport;
}

void
chat_transport_free(struct chat_transport *transport)
{
	if (!transport)
		return;
	curl_multi_remove_handle(transport->multi, transport->easy);
	curl_easy_cleanup(transport->easy);
	curl_multi_cleanup(transport->multi);
	free(transport);
}

static void
note_connected(struct chat_transport *transport)
{
	const char *ip = NULL;
	long port = 0;

	curl_easy_getinfo(transport->easy, CURLINFO_ACTIVESOCKET, &transport->socket);
	curl_easy_getinfo(transport->easy, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(transport->easy, CURLINFO_PRIMARY_PORT, &port);
	transport->wake_ms = INT64_MAX;
	if (*transport->address == '\0' && ip)
		snprintf(transport->address, sizeof(transport->address),
			strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld", ip, port);
}

/* Lets libcurl continue. The event mask is 0, so libcurl itself checks which sockets are ready. */
static void
run_multi(struct chat_transport *transport)
{
	struct pollfd watched[CHAT_CLIENT_POLL_FDS];
	size_t count = transport->watched_count;
	int running;

	memcpy(watched, transport->watched, sizeof(watched));
	for (size_t i = 0; i < count; i++)
		curl_multi_socket_action(transport->multi, watched[i].fd, 0, &running);
	if (chat_now_ms() >= transport->wake_ms)
		curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

int
chat_transport_connect(struct chat_transport *transport, struct chat_err *err)
{
	CURLMsg *message;
	int queued;

	run_multi(transport);
	message = curl_multi_info_read(transport->multi, &queued);
	if (!message || message->msg != CURLMSG_DONE)
		return 0;
	if (message->data.result != CURLE_OK)
		return chat_transport_fail_connecting(transport, message->data.result, err);
	note_connected(transport);
	return 1;
}

ssize_t
chat_transport_read(struct chat_transport *transport, char *to, size_t size, struct chat_err *err)
{
	size_t got = 0;
	CURLcode result;

	*transport->error = '\0';
	result = curl_easy_recv(transport->easy, to, size, &got);
	if (result == CURLE_AGAIN)
		return 0;
	if (result != CURLE_OK)
		return chat_transport_fail_connected(transport, result, err);
	if (got == 0)
		return chat_fail(err, CHAT_CONNECTION_LOST, "the server ended the connection");
	return (ssize_t)got;
}

ssize_t
chat_transport_write(
	struct chat_transport *transport, const char *bytes, size_t len, struct chat_err *err)
{
	size_t sent = 0;
	CURLcode result;

	*transport->error = '\0';
	result = curl_easy_send(transport->easy, bytes, len, &sent);
	if (result == CURLE_AGAIN)
		return 0;
	if (result != CURLE_OK)
		return chat_transport_fail_connected(transport, result, err);
	return (ssize_t)sent;
}

size_t
chat_transport_poll_fds(
	const struct chat_transport *transport, struct pollfd *fds, size_t max, bool writing)
{
	size_t count = transport->watched_count < max ? transport->watched_count : max;

	if (transport->socket == CURL_SOCKET_BAD) {
		memcpy(fds, transport->watched, count * sizeof(*fds));
		return count;
	}
	if (max == 0)
		return 0;
	*fds = (struct pollfd){
		.fd = transport->socket, .events = (short)(POLLIN | (writing ? POLLOUT : 0))};
	return 1;
}

size_t
chat_transport_unsent_bytes(const struct chat_transport *transport)
{
	int bytes = 0;

	if (transport->socket == CURL_SOCKET_BAD || ioctl(transport->socket, SIOCOUTQ, &bytes) < 0)
		return 0;
	return bytes > 0 ? (size_t)bytes : 0;
}

int64_t
chat_transport_wake_ms(const struct chat_transport *transport)
{
	return transport->wake_ms;
}

const char *
chat_transport_address(const struct chat_transport *transport)
{
	return transport->socket == CURL_SOCKET_BAD ? "" : transport->address;
}
