#ifndef CHAT_WIRE_CURL_H
#define CHAT_WIRE_CURL_H

#include <curl/curl.h>

#include "chat/err.h"

/*
 * The functions of libcurl, which is loaded when a connection needs it. It needs twenty other
 * libraries: to load them takes longer than all that a command does with a server on this machine,
 * which can be reached without libcurl (transport_local.c).
 */
#define CHAT_CURL_FUNCTIONS(each) \
	each(easy_init) each(easy_cleanup) each(easy_setopt) each(easy_getinfo) each(easy_recv) \
		each(easy_send) each(easy_strerror) each(multi_init) each(multi_cleanup) \
			each(multi_setopt) each(multi_add_handle) each(multi_remove_handle) \
				each(multi_socket_action) each(multi_info_read) each(version_info)

#define CHAT_CURL_POINTER(name) __typeof__(curl_##name) *name;

struct chat_curl {
	CHAT_CURL_FUNCTIONS(CHAT_CURL_POINTER)
};

/*
 * Loads libcurl, unless the process has done so, and finds its functions. They stay valid: libcurl
 * is never unloaded. Returns 0, or -1 with CHAT_INTERNAL if it cannot be loaded.
 */
int chat_curl_load(struct chat_curl *curl, struct chat_err *err);

#endif
