/* Errors that a session sends, and the limit on bad messages. */
#include "serve/session/reply.h"

#define ERRORS_WINDOW_MS 10000 /* max_errors bad messages within it end the connection */

void
session_send_error(struct session *session, const struct outgoing_error *error)
{
	struct block *block = encode_error(error);
	enum chat_code code = chat_code_wire(error->code);

	conn_send_run(&session->conn, block, 0, block->len);
	block_unref(block);
	session->context->counters.errors[code]++;
	session_log(session, "%s: %s", chat_code_word(code), error->text);
}

void
session_end(struct session *session, enum chat_code code, const char *text, uint16_t close_code)
{
	session_send_error(
		session, &(struct outgoing_error){.code = code, .text = text, .fatal = true});
	conn_close(&session->conn, close_code, chat_code_word(chat_code_wire(code)));
}

/* Counts a bad message. If there were too many, ends the connection and returns true. */
static bool
count_bad_message(struct session *session, enum chat_code code)
{
	struct session_context *context = session->context;
	int64_t now_ms = clock_now_ms(context->clock);

	if (session->errors == 0 || now_ms - session->errors_since_ms > ERRORS_WINDOW_MS) {
		session->errors_since_ms = now_ms;
		session->errors = 0;
	}
	if (++session->errors < context->options.max_errors)
		return false;
	context->counters.drops[DROP_PROTOCOL]++;
	session_end(session, code, "too many bad messages", 1008);
	return true;
}

void
session_reject(struct session *session, const struct chat_err *err, struct chat_span nonce_json)
{
	if (count_bad_message(session, err->code))
		return;
	session_send_error(session,
		&(struct outgoing_error){
			.code = err->code,
			.text = err->text,
			.field = err->field,
			.nonce_json = nonce_json,
		});
}

void
session_reject_rate(
	struct session *session, const char *text, struct chat_span nonce_json, int64_t wait_ms)
{
	session_send_error(session,
		&(struct outgoing_error){
			.code = CHAT_RATE_LIMITED,
			.text = text,
			.nonce_json = nonce_json,
			.retry_after_ms = wait_ms,
		});
}

void
session_reject_join(struct session *session, int64_t wait_ms)
{
	if (!count_bad_message(session, CHAT_RATE_LIMITED))
		session_reject_rate(session, "too many joins", (struct chat_span){0}, wait_ms);
}

void
session_reject_overload(struct session *session, struct chat_span nonce_json)
{
	session_send_error(session,
		&(struct outgoing_error){
			.code = CHAT_UNAVAILABLE,
			.text = "too much waits for the disk now",
			.nonce_json = nonce_json,
			.retry_after_ms = BACKPRESSURE_RETRY_MS,
		});
}
