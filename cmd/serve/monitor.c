/* Where a monitoring system asks how the server is doing. */
#include "serve/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "buf.h"
#include "http.h"
#include "serve/metrics.h"
#include "serve/server.h"

#define REQUESTS_AT_ONCE 32
#define REQUEST_MS 10000

struct monitor_request {
	uv_poll_t poll;
	uv_timer_t timer;
	struct monitor *monitor;
	struct monitor_request *next, *prev;
	struct chat_buf head, answer;
	size_t scanned, sent;
	int fd;
	int handles; /* not closed yet */
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

static void
request_end(struct monitor_request *request)
{
	struct monitor *monitor = request->monitor;

	DL_DELETE(monitor->requests, request);
	monitor->count--;
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
	chat_buf_printf(&request->answer,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: "
		"close\r\n\r\n",
		status, chat_http_reason(status), type, body.len);
	chat_buf_append_span(&request->answer, body);
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

static void
request_read_head(struct monitor_request *request, size_t len)
{
	struct chat_http_request http;
	bool bad_version;
	int status = chat_http_read_request(
		&http, (struct chat_span){request->head.at, len}, &bad_version);

	if (status == 400 || status == 405 || status == 505)
		request_answer(
			request, status, "text/plain", chat_span_of(chat_http_reason(status)));
	else if (chat_span_equal(http.path, CHAT_SPAN("/metrics")))
		request_metrics(request);
	else if (chat_span_equal(http.path, CHAT_SPAN("/healthz")))
		request_health(request);
	else
		request_answer(request, 404, "text/plain", CHAT_SPAN("/metrics or /healthz\n"));
}

/* Reads, then writes; true when it is done with. */
static bool
request_go_on(struct monitor_request *request)
{
	struct chat_buf *head = &request->head, *answer = &request->answer;
	ssize_t count;
	size_t len;

	if (!answer->len) {
		char *room = chat_buf_reserve(head, 1024);

		if (!room)
			return true;
		count = recv(request->fd, room, 1024, 0);
		if (count <= 0)
			return count == 0 || errno != EAGAIN;
		head->len += (size_t)count;
		len = chat_http_head_len(chat_buf_span(head), &request->scanned);
		if (!len)
			return false;
		request_read_head(request, len);
	}
	count = send(
		request->fd, answer->at + request->sent, answer->len - request->sent, MSG_NOSIGNAL);
	if (count < 0)
		return errno != EAGAIN;
	request->sent += (size_t)count;
	return request->sent == answer->len;
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct monitor_request *request = poll->data;

	(void)events;
	if (status < 0 || request_go_on(request))
		request_end(request);
	else if (request->answer.len)
		uv_poll_start(poll, UV_WRITABLE, on_ready);
}

/* ---- accepting ---- */

static void
request_begin(struct monitor *monitor, int fd)
{
	struct monitor_request *request = chat_alloc_zeroed(1, sizeof(*request));

	if (uv_poll_init(&monitor->server->loop, &request->poll, fd) < 0) {
		close(fd);
		free(request);
		return;
	}
	uv_timer_init(&monitor->server->loop, &request->timer);
	request->poll.data = request->timer.data = request;
	request->handles = 2;
	request->monitor = monitor;
	request->fd = fd;
	request->head.limit = CHAT_HTTP_HEAD_MAX;
	DL_APPEND(monitor->requests, request);
	monitor->count++;
	uv_poll_start(&request->poll, UV_READABLE, on_ready);
	uv_timer_start(&request->timer, on_timeout, REQUEST_MS, 0);
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
	struct monitor *monitor = poll->data;
	struct listener *listener = &monitor->listeners.at[poll - monitor->accepts];
	struct sockaddr_storage peer;
	int fd;

	(void)status;
	(void)events;
	while ((fd = listener_accept(&monitor->listeners, listener, &peer)) >= 0) {
		if (monitor->count < REQUESTS_AT_ONCE)
			request_begin(monitor, fd);
		else
			close(fd);
	}
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
	monitor->accepts = chat_alloc_zeroed(monitor->listeners.count, sizeof(*monitor->accepts));
	for (size_t i = 0; i < monitor->listeners.count; i++) {
		uv_poll_init(&server->loop, &monitor->accepts[i], monitor->listeners.at[i].fd);
		monitor->accepts[i].data = monitor;
		uv_poll_start(&monitor->accepts[i], UV_READABLE, on_connection);
	}
	return 0;
}

void
monitor_close(struct monitor *monitor)
{
	while (monitor->requests)
		request_end(monitor->requests);
	for (size_t i = 0; monitor->accepts && i < monitor->listeners.count; i++)
		uv_close((uv_handle_t *)&monitor->accepts[i], NULL);
	listeners_close(&monitor->listeners);
}
