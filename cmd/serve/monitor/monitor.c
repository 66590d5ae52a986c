/* Where a monitoring system asks how the server is doing. */
#include "serve/monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "chat/buf.h"
#include "chat/http.h"
#include "serve/monitor/metrics.h"
#include "serve/server.h"
#include "serve/session/origin.h"

#define ASKING_MAX 64
#define ANSWERED_MAX 32
#define ACCEPTS_AT_ONCE 8 /* few: who comes is heard before its place can go to another */
#define REQUEST_MS 5000 /* for a head, and again for its answer */
#define READ_BYTES 1024 /* of a connection in one turn */

struct monitor_request {
	uv_poll_t poll;
	uv_timer_t timer;
	struct monitor *monitor;
	struct monitor_request *next, *prev;
	struct chat_buf head, answer;
	size_t scanned, sent;
	int fd;
	int handles; /* not closed yet */
	bool is_local; /* asked from this machine, not by a proxy */
};

/* ---- the end of a request ---- */

static void
on_closed(uv_handle_t *handle)
{
	struct monitor_request *request = handle->data;

	if (--request->handles)
		return;
	chat_buf_free(&request->head);
	chat_buf_free(&request->answer);
	free(request);
}

static bool
request_is_answered(const struct monitor_request *request)
{
	return request->answer.len > 0;
}

static void
request_end(struct monitor_request *request)
{
	struct monitor *monitor = request->monitor;

	if (request_is_answered(request)) {
		DL_DELETE(monitor->answered, request);
		monitor->answered_count--;
	} else {
		DL_DELETE(monitor->asking, request);
		monitor->asking_count--;
	}
	uv_poll_stop(&request->poll);
	close(request->fd);
	uv_close((uv_handle_t *)&request->poll, on_closed);
	uv_close((uv_handle_t *)&request->timer, on_closed);
}

static void
on_timeout(uv_timer_t *timer)
{
	request_end(timer->data);
}

/* ---- answering ---- */

static void
request_answer(struct monitor_request *request, int status, const char *type, struct chat_span body)
{
	struct monitor *monitor = request->monitor;

	if (monitor->answered_count == ANSWERED_MAX)
		request_end(monitor->answered);
	DL_DELETE(monitor->asking, request);
	DL_APPEND(monitor->answered, request);
	monitor->asking_count--;
	monitor->answered_count++;
	chat_buf_printf(&request->answer,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: "
		"close\r\n\r\n",
		status, chat_http_reason(status), type, body.len);
	chat_buf_append_span(&request->answer, body);
	uv_timer_start(&request->timer, on_timeout, REQUEST_MS, 0);
}

static void
request_refuse(struct monitor_request *request, int status)
{
	request_answer(request, status, "text/plain", chat_span_of(chat_http_reason(status)));
}

static void
request_metrics(struct monitor_request *request)
{
	struct chat_buf body = {0};

	metrics_write_prometheus(&body, request->monitor->server);
	request_answer(
		request, 200, "text/plain; version=0.0.4; charset=utf-8", chat_buf_span(&body));
	chat_buf_free(&body);
}

static void
request_health(struct monitor_request *request)
{
	const char *ailment = server_ailment(request->monitor->server);
	struct chat_buf body = {0};

	chat_buf_printf(&body, "%s\n", ailment ? ailment : "ok");
	request_answer(
		request, ailment ? 503 : 200, "text/plain; charset=utf-8", chat_buf_span(&body));
	chat_buf_free(&body);
}

/* As in the chat: a page whose name was made to lead here is not let in. */
static bool
request_may_ask(const struct monitor_request *request, const struct chat_http_request *http)
{
	const struct server *server = request->monitor->server;
	const struct origin_names names = {
		&server->config->origins, &server->config->hosts, server->tls};

	return (!request->is_local || host_allowed(http->host, &names)) &&
		origin_allowed(http->origin, http->host, &names);
}

static void
request_read_head(struct monitor_request *request, size_t len)
{
	struct chat_http_request http;
	bool bad_version;
	int status = chat_http_read_request(
		&http, (struct chat_span){request->head.at, len}, &bad_version);

	if (status == 400 || status == 405 || status == 505)
		request_refuse(request, status);
	else if (!request_may_ask(request, &http))
		request_refuse(request, 403);
	else if (chat_span_equal(http.path, CHAT_SPAN("/metrics")))
		request_metrics(request);
	else if (chat_span_equal(http.path, CHAT_SPAN("/healthz")))
		request_health(request);
	else
		request_answer(request, 404, "text/plain", CHAT_SPAN("/metrics or /healthz\n"));
}

/* ---- reading and writing ---- */

/* Bytes of the head, or, once it is answered, what is read away; true: it is at its end. */
static bool
request_read(struct monitor_request *request)
{
	struct chat_buf *head = &request->head;
	char bytes[READ_BYTES];
	ssize_t count = recv(request->fd, bytes, sizeof(bytes), 0);
	size_t len;

	if (count <= 0)
		return count == 0 || (errno != EAGAIN && errno != EINTR);
	if (request_is_answered(request))
		return false;
	if (chat_buf_append(head, bytes, (size_t)count) < 0) {
		request_refuse(request, 431);
		return false;
	}
	len = chat_http_head_len(chat_buf_span(head), &request->scanned);
	if (len)
		request_read_head(request, len);
	return false;
}

/* True: nobody reads. What has been sent is the peer's to end: closed now, it could be lost. */
static bool
request_write(struct monitor_request *request)
{
	struct chat_buf *answer = &request->answer;
	ssize_t count;

	if (request->sent == answer->len)
		return false;
	count = send(
		request->fd, answer->at + request->sent, answer->len - request->sent, MSG_NOSIGNAL);
	if (count < 0)
		return errno != EAGAIN && errno != EINTR;
	request->sent += (size_t)count;
	if (request->sent == answer->len)
		shutdown(request->fd, SHUT_WR);
	return false;
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct monitor_request *request = poll->data;

	if (status < 0 || ((events & UV_READABLE) && request_read(request)) ||
		request_write(request)) {
		request_end(request);
		return;
	}
	uv_poll_start(poll, UV_READABLE | (request->sent < request->answer.len ? UV_WRITABLE : 0),
		on_ready);
}

/* ---- accepting ---- */

static void
request_begin(struct monitor *monitor, int fd, const struct sockaddr *peer)
{
	struct server *server = monitor->server;
	struct monitor_request *request = chat_alloc_zeroed(1, sizeof(*request));

	if (uv_poll_init(&server->loop, &request->poll, fd) < 0) {
		close(fd);
		free(request);
		return;
	}
	uv_timer_init(&server->loop, &request->timer);
	request->poll.data = request->timer.data = request;
	request->handles = 2;
	request->monitor = monitor;
	request->fd = fd;
	request->is_local = peer->sa_family != AF_UNIX && address_is_local(peer) &&
		!cidrs_have(&server->addresses.proxies, peer);
	request->head.limit = CHAT_HTTP_HEAD_MAX;
	if (monitor->asking_count == ASKING_MAX)
		request_end(monitor->asking);
	DL_APPEND(monitor->asking, request);
	monitor->asking_count++;
	uv_poll_start(&request->poll, UV_READABLE, on_ready);
	uv_timer_start(&request->timer, on_timeout, REQUEST_MS, 0);
}

static void
on_connection(
	void *arg, const struct listener *listener, int fd, const struct sockaddr_storage *peer)
{
	(void)listener;
	request_begin(arg, fd, (const struct sockaddr *)peer);
}

int
monitor_open(
	struct monitor *monitor, struct server *server, const char *address, struct chat_err *err)
{
	struct chat_strings addresses = {&address, 1};

	*monitor = (struct monitor){.server = server, .listeners.spare_fd = -1};
	if (!address)
		return 0;
	if (listeners_open(&monitor->listeners, &addresses, false, err) < 0)
		return -1;
	monitor->acceptors = (struct acceptors){
		.listeners = &monitor->listeners,
		.at_once = ACCEPTS_AT_ONCE,
		.take = on_connection,
		.arg = monitor,
	};
	return acceptors_open(&monitor->acceptors, &server->loop, err);
}

void
monitor_close(struct monitor *monitor)
{
	while (monitor->asking)
		request_end(monitor->asking);
	while (monitor->answered)
		request_end(monitor->answered);
	acceptors_stop(&monitor->acceptors);
	listeners_close(&monitor->listeners);
}

void
monitor_free(struct monitor *monitor)
{
	acceptors_free(&monitor->acceptors);
}
