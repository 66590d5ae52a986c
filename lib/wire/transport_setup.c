/*
 * Sets the options of a connection for libcurl: URL, proxy, TLS. transport_curl.c calls it once for
 * each connection, before it connects.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "text/buf.h"
#include "wire/transport_curl.h"

#define READ_BYTES 65536L
#define USER_AGENT "chat-tools/" CHAT_VERSION
#define NEVER_BY_PROXY "localhost,127.0.0.1,::1"

/* CURLOPT_OPENSOCKETFUNCTION: opens a socket that executed programs do not inherit. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Returns the name of the first of these variables that is set, or NULL. */
static const char *
first_set(const char *const *names)
{
	while (*names && !environment(*names))
		names++;
	return *names;
}

/* Returns the name of the variable from which libcurl takes the proxy, or NULL if there is none. */
static const char *
proxy_variable(bool tls)
{
	static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	static const char *const secure[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};

	return first_set(tls ? secure : plain);
}

/*
 * Makes libcurl ask the proxy for a tunnel (CONNECT), because the proxy would else read the bytes
 * of a WebSocket as HTTP requests. Connections to this machine use no proxy.
 */
static int
set_proxy(const struct curl_transport *transport, const struct chat_client_options *options)
{
	CURL *easy = transport->easy;
	const char *exempt = environment("no_proxy");
	struct chat_buf list = {0};
	int failed = 0;

	if (!exempt)
		exempt = environment("NO_PROXY");
	if (!exempt)
		chat_buf_append_string(&list, NEVER_BY_PROXY);
	else if (strcmp(exempt, "*") == 0)
		chat_buf_append_string(&list, "*");
	else
		chat_buf_printf(&list, "%s,%s", exempt, NEVER_BY_PROXY);
	chat_buf_append(&list, "", 1);
	failed |= transport->curl.easy_setopt(easy, CURLOPT_NOPROXY, list.at) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) != CURLE_OK;
	if (options->unix_socket) {
		failed |= transport->curl.easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK;
		failed |= transport->curl.easy_setopt(
				  easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket) != CURLE_OK;
	}
	chat_buf_free(&list);
	return failed;
}

/* Sets the CA files as curl(1) does. */
static int
set_authorities(struct curl_transport *transport, const struct chat_client_options *options)
{
	static const char *const variables[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE", NULL};
	const char *folder = environment("CURL_CA_BUNDLE") ? NULL : environment("SSL_CERT_DIR");
	const char *name = options->cacert_name;
	int failed = 0;

	transport->of_command = options->of_command;
	transport->authorities = options->cacert;
	transport->authorities_name = name ? name : "--cacert";
	if (!options->cacert) {
		transport->authorities_name = first_set(variables);
		if (transport->authorities_name)
			transport->authorities = environment(transport->authorities_name);
		if (folder)
			failed |= transport->curl.easy_setopt(
					  transport->easy, CURLOPT_CAPATH, folder) != CURLE_OK;
	}
	if (transport->authorities)
		failed |= transport->curl.easy_setopt(transport->easy, CURLOPT_CAINFO,
				  transport->authorities) != CURLE_OK;
	return failed;
}

/*
 * Does not offer ALPN: the protocol is then HTTP/1.1. With ALPN a server could select h2, and
 * libcurl would use it.
 */
static int
set_tls(struct curl_transport *transport, const struct chat_client_options *options)
{
	CURL *easy = transport->easy;
	int failed = set_authorities(transport, options);

	failed |= transport->curl.easy_setopt(
			  easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) != CURLE_OK;
	failed |= transport->curl.easy_setopt(
			  easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L) != CURLE_OK;
	failed |= transport->curl.easy_setopt(
			  easy, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L) != CURLE_OK;
	if (options->cert)
		failed |= transport->curl.easy_setopt(easy, CURLOPT_SSLCERT, options->cert) !=
			CURLE_OK;
	if (options->key)
		failed |=
			transport->curl.easy_setopt(easy, CURLOPT_SSLKEY, options->key) != CURLE_OK;
	return failed;
}

int
chat_curl_set(struct curl_transport *transport, const struct chat_url *url,
	const struct chat_client_options *options)
{
	char target[sizeof(url->host) + 32];
	CURL *easy = transport->easy;
	int failed = 0;

	snprintf(target, sizeof(target), "%s://%s:%u/", url->tls ? "https" : "http", url->host,
		url->port);
	snprintf(transport->goal, sizeof(transport->goal), " %s port %u ", url->host, url->port);
	transport->proxy_name = !options->unix_socket ? proxy_variable(url->tls) : NULL;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_URL, target) != CURLE_OK;
	failed |=
		transport->curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK;
	failed |= transport->curl.easy_setopt(
			  easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			  (long)options->connect_timeout_ms) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) !=
		CURLE_OK; /* freeing it then does not wait for a name lookup */
	failed |= transport->curl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT) != CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, transport->error) !=
		CURLE_OK;
	failed |= transport->curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) !=
		CURLE_OK;
	return failed | set_proxy(transport, options) | set_tls(transport, options);
}
