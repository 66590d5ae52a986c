#ifndef SERVE_WEB_PAGE_H
#define SERVE_WEB_PAGE_H

#include <stdbool.h>

#include "text/buf.h"
#include "wire/http.h"

/*
 * The page that shows a channel in a browser: one HTML file with its style and script, compiled in
 * (page.html, and the same as gzip).
 */
#define WEB_TAG_SIZE 48 /* of an entity tag (RFC 9110 section 8.8.3) with its NUL */

/* Parts of the answers that take a while to compute. */
struct web_page {
	char tag[WEB_TAG_SIZE], tag_gzip[WEB_TAG_SIZE]; /* of both forms */
	char policy[768]; /* the headers that say what the page may do */
};

/* Fills in *page. Call it once, at the start. */
void web_page_prepare(struct web_page *page);

/*
 * Appends the answer to a request of a browser: the page, or 304 if the browser has it. The body is
 * there also for HEAD.
 */
void web_page_write(struct chat_buf *answer, const struct web_page *page,
	const struct chat_http_request *request);

/*
 * Appends the answer to a request of another program: 426 with a text that says how to connect.
 * secure: the request came by TLS. has_page: a browser would get the page.
 */
void web_hint_write(struct chat_buf *answer, const struct chat_http_request *request, bool secure,
	bool has_page);

#endif
