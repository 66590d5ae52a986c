/*
 * Connections by libcurl. It resolves names, tries IPv4 and IPv6 addresses, asks proxies and does
 * TLS; after that it sends and receives bytes (CONNECT_ONLY with an http or https URL, because
 * Debian's libcurl has no ws).
 *
 * A multi handle connects. It calls on_socket and on_timer, which store the descriptors and the
 * time for which the caller's poll loop has to wait. The easy handle must not be removed from the
 * multi handle while the connection is used, because libcurl would close the connection.
 */
#include "wire/transport_curl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"

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
set_multi(struct curl_transport *transport)
{
	CURLM *multi = transport->multi;
	int failed = 0;

	failed |=
		transport->curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK;
	failed |= transport->curl.multi_setopt(multi, CURLMOPT_SOCKETDATA, &transport->base) !=
		CURLM_OK;
	failed |= transport->curl.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK;
	failed |= transport->curl.multi_setopt(multi, CURLMOPT_TIMERDATA, &transport->base) !=
		CURLM_OK;
	return failed;
}

static void
free_by_curl(struct chat_transport *base)
{
	struct curl_transport *transport = (struct curl_transport *)base;

	transport->curl.multi_remove_handle(transport->multi, transport->easy);
	transport->curl.easy_cleanup(transport->easy);
	transport->curl.multi_cleanup(transport->multi);
	free(transport);
}

static void
note_connected(struct curl_transport *transport)
{
	const char *ip = NULL;
	long port = 0;

	transport->curl.easy_getinfo(
		transport->easy, CURLINFO_ACTIVESOCKET, &transport->base.socket);
	transport->curl.easy_getinfo(transport->easy, CURLINFO_PRIMARY_IP, &ip);
	transport->curl.easy_getinfo(transport->easy, CURLINFO_PRIMARY_PORT, &port);
	transport->base.wake_ms = INT64_MAX;
	if (*transport->base.address == '\0' && ip)
		snprintf(transport->base.address, sizeof(transport->base.address),
			strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld", ip, port);
}

/* Lets libcurl continue. The event mask is 0, so libcurl itself checks which sockets are ready. */
static void
run_multi(struct curl_transport *transport)
{
	struct pollfd watched[CHAT_CLIENT_POLL_FDS];
	size_t count = transport->base.watched_count;
	int running;

	memcpy(watched, transport->base.watched, sizeof(watched));
	for (size_t i = 0; i < count; i++)
		transport->curl.multi_socket_action(transport->multi, watched[i].fd, 0, &running);
	if (chat_now_ms() >= transport->base.wake_ms)
		transport->curl.multi_socket_action(
			transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int
connect_by_curl(struct chat_transport *base, struct chat_err *err)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	CURLMsg *message;
	int queued;

	run_multi(transport);
	message = transport->curl.multi_info_read(transport->multi, &queued);
	if (!message || message->msg != CURLMSG_DONE)
		return 0;
	if (message->data.result != CURLE_OK)
		return chat_curl_fail_connecting(transport, message->data.result, err);
	note_connected(transport);
	return 1;
}

static ssize_t
read_by_curl(struct chat_transport *base, char *to, size_t size, struct chat_err *err)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	size_t got = 0;
	CURLcode result;

	*transport->error = '\0';
	result = transport->curl.easy_recv(transport->easy, to, size, &got);
	if (result == CURLE_AGAIN)
		return 0;
	if (result != CURLE_OK)
		return chat_curl_fail_connected(transport, result, err);
	if (got == 0)
		return chat_fail(err, CHAT_CONNECTION_LOST, "the server ended the connection");
	return (ssize_t)got;
}

static ssize_t
write_by_curl(struct chat_transport *base, const char *bytes, size_t len, struct chat_err *err)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	size_t sent = 0;
	CURLcode result;

	*transport->error = '\0';
	result = transport->curl.easy_send(transport->easy, bytes, len, &sent);
	if (result == CURLE_AGAIN)
		return 0;
	if (result != CURLE_OK)
		return chat_curl_fail_connected(transport, result, err);
	return (ssize_t)sent;
}

static const struct chat_transport_kind by_curl = {
	.free = free_by_curl,
	.connect = connect_by_curl,
	.read = read_by_curl,
	.write = write_by_curl,
};

/* Loads libcurl and makes its handles. Returns NULL if it cannot be loaded. */
static struct curl_transport *
new_by_curl(struct chat_err *err)
{
	struct curl_transport *transport = chat_alloc_zeroed(1, sizeof(*transport));

	transport->base.kind = &by_curl;
	transport->base.socket = CURL_SOCKET_BAD;
	transport->base.wake_ms = INT64_MAX;
	if (chat_curl_load(&transport->curl, err) < 0) {
		free(transport);
		return NULL;
	}
	transport->easy = chat_need(transport->curl.easy_init());
	transport->multi = chat_need(transport->curl.multi_init());
	return transport;
}

struct chat_transport *
chat_transport_open_curl(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct curl_transport *transport = new_by_curl(err);

	if (!transport)
		return NULL;
	if (set_multi(transport) != 0 || chat_curl_set(transport, url, options) != 0 ||
		transport->curl.multi_add_handle(transport->multi, transport->easy) != CURLM_OK) {
		chat_fail(err, CHAT_USAGE, "libcurl %s does not take the connection's settings",
			transport->curl.version_info(CURLVERSION_NOW)->version);
		free_by_curl(&transport->base);
		return NULL;
	}
	if (options->unix_socket)
		snprintf(transport->base.address, sizeof(transport->base.address), "%s",
			options->unix_socket);
	return &transport->base;
}
