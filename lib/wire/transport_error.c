/*
 * Translates the codes and sentences of libcurl and OpenSSL into our codes and sentences. Called by
 * transport_curl.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text/err.h"
#include "wire/tls_hint.h"
#include "wire/transport_curl.h"

/* Returns true if the text is about a TLS alert of the peer because of a certificate. */
static bool
is_certificate_alert(const char *text)
{
	static const char *const words[] = {"certificate", "unknown ca", "access denied"};

	if (!strstr(text, "alert"))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strstr(text, words[i]))
			return true;
	}
	return false;
}

static enum chat_code
code_of(const struct curl_transport *transport, CURLcode result)
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
		/* If OpenSSL reports no error, the connection was lost. */
		return strstr(transport->error, "error:") ? CHAT_PROTOCOL_ERROR
							  : CHAT_CANNOT_CONNECT;
	default:
		return is_certificate_alert(transport->error) ? CHAT_REFUSED : CHAT_CANNOT_CONNECT;
	}
}

/* Returns true if no more descriptors can be opened. libcurl does not tell this. */
static bool
is_out_of_descriptors(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return errno == EMFILE;
	close(fds[0]);
	close(fds[1]);
	return false;
}

/* Returns the system's sentence if a system call failed, else libcurl's. */
static const char *
words_for(const struct curl_transport *transport, CURLcode result)
{
	long number = 0;

	if (result == CURLE_OPERATION_TIMEDOUT)
		return strerror(ETIMEDOUT);
	if (result == CURLE_COULDNT_CONNECT || result == CURLE_RECV_ERROR ||
		result == CURLE_SEND_ERROR) {
		transport->curl.easy_getinfo(transport->easy, CURLINFO_OS_ERRNO, &number);
		if (number != 0)
			return strerror((int)number);
	}
	if (result == CURLE_COULDNT_CONNECT && is_out_of_descriptors())
		return "Too many open files (ulimit -n tells how many may be open)";
	if (result == CURLE_COULDNT_RESOLVE_HOST)
		return "Unknown host";
	return *transport->error != '\0' ? transport->error : transport->curl.easy_strerror(result);
}

/* Fails because the CA file cannot be used. */
static int
fail_authorities(const struct curl_transport *transport, struct chat_err *err)
{
	const char *why = access(transport->authorities, R_OK) < 0 ? strerror(errno)
								   : "no certificates in PEM";

	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s: %s", transport->authorities_name,
		transport->authorities, why);
}

/* Returns true if the failure is one of the proxy, and not of the server. */
static bool
is_about_proxy(const struct curl_transport *transport)
{
	if (!transport->proxy_name)
		return false;
	if (strstr(transport->error, "connect to "))
		return !strstr(transport->error, transport->goal);
	return strstr(transport->error, "proxy") != NULL;
}

int
chat_curl_fail_connecting(struct curl_transport *transport, CURLcode result, struct chat_err *err)
{
	enum chat_code code = code_of(transport, result);
	const char *words = words_for(transport, result), *hint;
	long answer = 0;

	transport->curl.easy_getinfo(transport->easy, CURLINFO_HTTP_CONNECTCODE, &answer);
	if (answer != 0 && answer / 100 != 2)
		return chat_fail(err, answer == 407 ? CHAT_REFUSED : CHAT_CANNOT_CONNECT,
			"the proxy answers %ld", answer);
	if (result == CURLE_SSL_CACERT_BADFILE && transport->authorities)
		return fail_authorities(transport, err);
	if (is_about_proxy(transport)) /* the URL of the proxy may contain a password */
		return chat_fail(err, code, "the proxy of %s: %s", transport->proxy_name,
			strchr(words, '@') ? "it cannot be used" : words);
	if (code == CHAT_PROTOCOL_ERROR && chat_tls_is_plain(transport->error))
		return chat_fail(err, code,
			"the server's answer is not TLS (is it ws:// in place of wss://?)");
	hint = result == CURLE_SSL_CACERT_BADFILE
		? transport->of_command
			? "install ca-certificates, or name whom to trust by --cacert FILE"
			: "install ca-certificates, or name a file of certificates"
		: chat_tls_hint(
			  words, result == CURLE_PEER_FAILED_VERIFICATION, transport->of_command);
	return hint ? chat_fail(err, code, "%.120s (%s)", words, hint)
		    : chat_fail(err, code, "%s", words);
}

int
chat_curl_fail_connected(struct curl_transport *transport, CURLcode result, struct chat_err *err)
{
	enum chat_code code =
		is_certificate_alert(transport->error) ? CHAT_REFUSED : CHAT_CONNECTION_LOST;
	const char *words = words_for(transport, result),
		   *hint = chat_tls_hint(words, false, transport->of_command);

	return hint ? chat_fail(err, code, "%.120s (%s)", words, hint)
		    : chat_fail(err, code, "%s", words);
}
