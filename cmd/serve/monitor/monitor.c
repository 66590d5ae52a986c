/* The HTTP server that a monitoring system asks: /metrics and /healthz. */
#include "serve/monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "serve/monitor/metrics.h"
#include "text/buf.h"
#include "wire/http.h"

#define ASKING_MAX 64
#define ANSWERED_MAX 32
#define ACCEPTS_AT_ONCE 8 /* few, so that a request is read before a newer one ends it */
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
	int handles; /* libuv's, that are not closed yet; the last frees the request */
	bool is_local; /* the peer is on this machine and is no proxy */
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
	chat_http_write_answer(&request->answer, status, NULL, type, body);
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

	metrics_write_prometheus(&body, &request->monitor->sources);
	request_answer(
		request, 200, "text/plain; version=0.0.4; charset=utf-8", chat_buf_span(&body));
	chat_buf_free(&body);
}

/* Returns a sentence that says why the server cannot do its work; NULL if it can. */
static const char *
health_problem(const struct monitor_sources *sources)
{
	const char *trouble = journal_of(sources)->trouble;

	if (*sources->draining)
		return "shutting down";
	return *trouble ? trouble : cluster_trouble(sources->cluster);
}

static void
request_health(struct monitor_request *request)
{
	const char *problem = health_problem(&request->monitor->sources);
	struct chat_buf body = {0};

	chat_buf_printf(&body, "%s\n", problem ? problem : "ok");
	request_answer(
		request, problem ? 503 : 200, "text/plain; charset=utf-8", chat_buf_span(&body));
	chat_buf_free(&body);
}

/* Returns false if the request may come from a foreign page (session/origin.h). */
static bool
request_may_ask(const struct monitor_request *request, const struct chat_http_request *http)
{
	const struct origin_names *names = &request->monitor->sources.sessions->names;

	return (!request->is_local || host_allowed(http->host, names)) &&
		origin_allowed(http->origin, http->host, names);
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

/* Reads bytes of the head; ignores them after the answer. Returns true if the peer has closed or
 * failed. */
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

/* Sends as much of the answer as the socket accepts. Returns true if sending fails. After the
 * answer it waits for the peer to close: closing first could lose the answer. */
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
	const struct addresses *addresses = monitor->sources.sessions->addresses;
	struct monitor_request *request = chat_alloc_zeroed(1, sizeof(*request));

	if (uv_poll_init(monitor->loop, &request->poll, fd) < 0) {
		close(fd);
		free(request);
		return;
	}
	uv_timer_init(monitor->loop, &request->timer);
	request->poll.data = request->timer.data = request;
	request->handles = 2;
	request->monitor = monitor;
	request->fd = fd;
	request->is_local = peer->sa_family != AF_UNIX && address_is_local(peer) &&
		!cidrs_have(&addresses->proxies, peer);
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
monitor_open(struct monitor *monitor, uv_loop_t *loop, const struct monitor_sources *sources,
	const char *address, struct chat_err *err)
{
	struct chat_strings addresses = {&address, 1};

	*monitor = (struct monitor){.loop = loop, .sources = *sources, .listeners.spare_fd = -1};
	if (!address)
		return 0;
	if (listeners_open(&monitor->listeners, &addresses, false, err) < 0)
		return -1;
	monitor->acceptors = (struct acceptors){
		.listeners = &monitor->listeners,
		.at_once = ACCEPTS_AT_ONCE,
		.on_accept = on_connection,
		.arg = monitor,
	};
	return acceptors_open(&monitor->acceptors, loop, err);
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
