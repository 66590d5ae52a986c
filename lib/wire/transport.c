/*
 * Connections to servers. The only file that knows libcurl, which connects (names, two address
 * families at once, proxies, TLS and its certificates) and then is a pipe: CONNECT_ONLY on an http
 * or https URL, for Debian's libcurl has no ws. client puts WebSocket on top.
 *
 * Connecting runs in a multi handle, driven by its socket and timer callbacks: the descriptors and
 * the time to wait for are told to the caller's poll loop. The easy handle stays in its multi
 * handle afterwards, without which libcurl loses sight of the connection.
 */
#include "chat/transport.h"

#include <curl/curl.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat/buf.h"
#include "chat/clock.h"
#include "wire/remedy.h"

#define READ_BYTES 65536L
#define USER_AGENT "chat-tools/" CHAT_VERSION
#define NEVER_BY_PROXY "localhost,127.0.0.1,::1"

struct chat_transport {
	CURLM *multi;
	CURL *easy;
	struct pollfd watched[CHAT_CLIENT_POLL_FDS]; /* of libcurl, while connecting */
	size_t watched_count;
	int64_t wake_ms; /* libcurl's timer */
	int64_t deadline_ms; /* for connecting */
	curl_socket_t socket; /* once connected */
	char address[128];
	const char *authorities, *authorities_name; /* the file of --cacert, and what said so */
	const char *proxy_name; /* the variable that sets a proxy; NULL: none does */
	char goal[sizeof(((struct chat_url *)NULL)->host) + 16]; /* as libcurl's words have it */
	char error[CURL_ERROR_SIZE]; /* libcurl's words for the last failure */
};

static size_t
find_watched(const struct chat_transport *transport, curl_socket_t fd)
{
	size_t i = 0;

	while (i < transport->watched_count && transport->watched[i].fd != fd)
		i++;
	return i;
}

/* CURLMOPT_SOCKETFUNCTION */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
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

/* CURLMOPT_TIMERFUNCTION */
static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct chat_transport *transport = arg;

	(void)multi;
	transport->wake_ms = timeout_ms < 0 ? INT64_MAX : chat_now_ms() + timeout_ms;
	return 0;
}

/* CURLOPT_OPENSOCKETFUNCTION: libcurl's own would be inherited by whatever is executed. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* The first of these variables that is set; NULL: none is. */
static const char *
first_set(const char *const *names)
{
	while (*names != NULL && environment(*names) == NULL)
		names++;
	return *names;
}

/* The variable that libcurl takes a proxy from; NULL: there is none. */
static const char *
proxy_variable(bool tls)
{
	static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	static const char *const secure[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};

	return first_set(tls ? secure : plain);
}

/*
 * Any proxy is asked for a tunnel: it would take the bytes of a WebSocket for requests otherwise.
 * Loopback never goes there.
 */
static int
set_proxy(CURL *easy, const struct chat_client_options *options)
{
	const char *exempt = environment("no_proxy");
	struct chat_buf list = {0};
	int failed = 0;

	if (exempt == NULL)
		exempt = environment("NO_PROXY");
	if (exempt == NULL)
		chat_buf_append_string(&list, NEVER_BY_PROXY);
	else if (strcmp(exempt, "*") == 0)
		chat_buf_append_string(&list, "*");
	else
		chat_buf_printf(&list, "%s,%s", exempt, NEVER_BY_PROXY);
	chat_buf_append(&list, "", 1);
	failed |= curl_easy_setopt(easy, CURLOPT_NOPROXY, list.at) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) != CURLE_OK;
	if (options->unix_socket != NULL) {
		failed |= curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK;
		failed |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket) !=
			CURLE_OK;
	}
	chat_buf_free(&list);
	return failed;
}

/* The CA files as curl(1) has them. */
static int
set_authorities(struct chat_transport *transport, const struct chat_client_options *options)
{
	static const char *const variables[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE", NULL};
	const char *folder = environment("CURL_CA_BUNDLE") ? NULL : environment("SSL_CERT_DIR");
	const char *name = options->cacert_name;
	int failed = 0;

	transport->authorities = options->cacert;
	transport->authorities_name = name != NULL ? name : "--cacert";
	if (options->cacert == NULL) {
		transport->authorities_name = first_set(variables);
		if (transport->authorities_name != NULL)
			transport->authorities = environment(transport->authorities_name);
		if (folder != NULL)
			failed |= curl_easy_setopt(transport->easy, CURLOPT_CAPATH, folder) !=
				CURLE_OK;
	}
	if (transport->authorities != NULL)
		failed |= curl_easy_setopt(transport->easy, CURLOPT_CAINFO,
				  transport->authorities) != CURLE_OK;
	return failed;
}

/*
 * ALPN is not offered: HTTP/1.1 is what its absence means, and a server that picked h2 would have
 * libcurl speak it.
 */
static int
set_tls(struct chat_transport *transport, const struct chat_client_options *options)
{
	CURL *easy = transport->easy;
	int failed = set_authorities(transport, options);

	failed |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) !=
		CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L) !=
		CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L) !=
		CURLE_OK;
	if (options->cert != NULL)
		failed |= curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert) != CURLE_OK;
	if (options->key != NULL)
		failed |= curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key) != CURLE_OK;
	return failed;
}

/* QUICK_EXIT: a name that is still being looked up does not hold up who gives up on it. */
static int
set_connection(struct chat_transport *transport, const struct chat_url *url,
	const struct chat_client_options *options)
{
	char target[sizeof(url->host) + 32];
	CURL *easy = transport->easy;
	int failed = 0;

	snprintf(target, sizeof(target), "%s://%s:%u/", url->tls ? "https" : "http", url->host,
		url->port);
	snprintf(transport->goal, sizeof(transport->goal), " %s port %u ", url->host, url->port);
	transport->proxy_name = options->unix_socket == NULL ? proxy_variable(url->tls) : NULL;
	failed |= curl_easy_setopt(easy, CURLOPT_URL, target) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) !=
		CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			  (long)options->connect_timeout_ms) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transport->error) != CURLE_OK;
	failed |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) != CURLE_OK;
	return failed | set_proxy(easy, options) | set_tls(transport, options);
}

static int
set_multi(struct chat_transport *transport)
{
	CURLM *multi = transport->multi;
	int failed = 0;

	failed |= curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK;
	failed |= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transport) != CURLM_OK;
	failed |= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK;
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
	if (set_multi(transport) != 0 || set_connection(transport, url, options) != 0 ||
		curl_multi_add_handle(transport->multi, transport->easy) != CURLM_OK) {
		chat_fail(err, CHAT_USAGE, "libcurl %s does not take the connection's settings",
			curl_version_info(CURLVERSION_NOW)->version);
		chat_transport_free(transport);
		return NULL;
	}
	if (options->unix_socket != NULL)
		snprintf(
			transport->address, sizeof(transport->address), "%s", options->unix_socket);
	return transport;
}

void
chat_transport_free(struct chat_transport *transport)
{
	if (transport == NULL)
		return;
	curl_multi_remove_handle(transport->multi, transport->easy);
	curl_easy_cleanup(transport->easy);
	curl_multi_cleanup(transport->multi);
	free(transport);
}

/* Whether TLS failed over a certificate, by the peer's alert. */
static bool
is_certificate_alert(const char *text)
{
	static const char *const words[] = {"certificate", "unknown ca", "access denied"};

	if (strstr(text, "alert") == NULL)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strstr(text, words[i]) != NULL)
			return true;
	}
	return false;
}

static enum chat_code
code_of(const struct chat_transport *transport, CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return CHAT_UNKNOWN_HOST;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CLIENTCERT:
		return CHAT_REFUSED;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return CHAT_CANNOT_OPEN;
	case CURLE_SSL_CONNECT_ERROR:
		if (is_certificate_alert(transport->error))
			return CHAT_REFUSED;
		/* Without an error of TLS it was the connection that broke. */
		return strstr(transport->error, "error:") != NULL ? CHAT_PROTOCOL_ERROR
								  : CHAT_CANNOT_CONNECT;
	default:
		return is_certificate_alert(transport->error) ? CHAT_REFUSED : CHAT_CANNOT_CONNECT;
	}
}

/* The system's words where the system failed, else libcurl's. */
static const char *
words_for(const struct chat_transport *transport, CURLcode result)
{
	long number = 0;

	if (result == CURLE_OPERATION_TIMEDOUT)
		return strerror(ETIMEDOUT);
	if (result == CURLE_COULDNT_CONNECT || result == CURLE_RECV_ERROR ||
		result == CURLE_SEND_ERROR) {
		curl_easy_getinfo(transport->easy, CURLINFO_OS_ERRNO, &number);
		if (number != 0)
			return strerror((int)number);
	}
	if (result == CURLE_COULDNT_RESOLVE_HOST)
		return "Unknown host";
	return *transport->error != '\0' ? transport->error : curl_easy_strerror(result);
}

/* The file of authorities cannot be used. */
static int
fail_authorities(const struct chat_transport *transport, struct chat_err *err)
{
	const char *why = access(transport->authorities, R_OK) < 0 ? strerror(errno)
								   : "no certificates in PEM";

	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s: %s", transport->authorities_name,
		transport->authorities, why);
}

/* Whether it was a proxy that could not be reached, or is none. */
static bool
is_about_proxy(const struct chat_transport *transport)
{
	if (transport->proxy_name == NULL)
		return false;
	if (strstr(transport->error, "connect to ") != NULL)
		return strstr(transport->error, transport->goal) == NULL;
	return strstr(transport->error, "proxy") != NULL;
}

static int
fail_connecting(struct chat_transport *transport, CURLcode result, struct chat_err *err)
{
	enum chat_code code = code_of(transport, result);
	const char *words = words_for(transport, result), *remedy;
	long answer = 0;

	curl_easy_getinfo(transport->easy, CURLINFO_HTTP_CONNECTCODE, &answer);
	if (answer != 0 && answer / 100 != 2)
		return chat_fail(err, answer == 407 ? CHAT_REFUSED : CHAT_CANNOT_CONNECT,
			"the proxy answers %ld", answer);
	if (result == CURLE_SSL_CACERT_BADFILE && transport->authorities != NULL)
		return fail_authorities(transport, err);
	if (is_about_proxy(transport)) /* whose URL may hold a password */
		return chat_fail(err, code, "the proxy of %s: %s", transport->proxy_name,
			strchr(words, '@') != NULL ? "it cannot be used" : words);
	if (code == CHAT_PROTOCOL_ERROR && chat_remedy_is_plain(transport->error))
		return chat_fail(err, code,
			"the server's answer is not TLS (is it ws:// in place of wss://?)");
	remedy = chat_remedy_tls(words, result == CURLE_PEER_FAILED_VERIFICATION);
	return remedy != NULL ? chat_fail(err, code, "%.120s (%s)", words, remedy)
			      : chat_fail(err, code, "%s", words);
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
	if (*transport->address == '\0' && ip != NULL)
		snprintf(transport->address, sizeof(transport->address),
			strchr(ip, ':') != NULL ? "[%s]:%ld" : "%s:%ld", ip, port);
}

/* Which of the sockets are ready libcurl finds out itself (an event mask of 0). */
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
	if (message == NULL || message->msg != CURLMSG_DONE)
		return 0;
	if (message->data.result != CURLE_OK)
		return fail_connecting(transport, message->data.result, err);
	note_connected(transport);
	return 1;
}

static int
fail_connected(struct chat_transport *transport, CURLcode result, struct chat_err *err)
{
	enum chat_code code =
		is_certificate_alert(transport->error) ? CHAT_REFUSED : CHAT_CONNECTION_LOST;
	const char *words = words_for(transport, result), *remedy = chat_remedy_tls(words, false);

	return remedy != NULL ? chat_fail(err, code, "%.120s (%s)", words, remedy)
			      : chat_fail(err, code, "%s", words);
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
		return fail_connected(transport, result, err);
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
		return fail_connected(transport, result, err);
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
