/* Answers who asks for a channel without a WebSocket. */
#include "serve/session/visit.h"

#include "serve/session/request.h"
#include "serve/session/session.h"
#include "serve/web/page.h"

int
session_visit(struct conn *conn, const struct chat_http_request *request, struct chat_buf *answer,
	const char **why)
{
	struct session *session = session_of(conn);
	bool has_page = session->context->options.has_page;
	int refusal = session_check_peer(session, request, why);

	if (refusal)
		return refusal;
	if (!chat_channel_valid(request->path)) {
		*why = "no such channel";
		return 404;
	}
	if (has_page && request->accepts_html)
		web_page_write(answer, &session->context->page, request);
	else
		web_hint_write(answer, request, conn->stream.tls != NULL, has_page);
	session_log(session, "gets %s",
		has_page && request->accepts_html ? "the page" : "a text instead of a WebSocket");
	return 0;
}
