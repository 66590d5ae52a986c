/* A bot that answers each "!ping" once: cc bot.c $(pkg-config --cflags --libs chat-client) */
#include <chat/member.h>
#include <poll.h>
#include <stdio.h>

static bool
is_question(const struct chat_event *event)
{
	return event->type == CHAT_EVENT_MESSAGE && !event->own && !event->history &&
		event->hops < 8 &&
		chat_json_string_is(&event->msg->value[CHAT_SLOT_CONTENT], chat_span_of("!ping"));
}

int
main(int argc, char **argv)
{
	struct chat_member_options options = {0};
	const struct chat_event *event;
	struct chat_member *member;
	struct pollfd ready = {-1, POLLIN, 0};
	struct chat_err err;

	options.size = sizeof(options);
	options.url = argc > 1 ? argv[1] : NULL;
	options.username = "pingbot";
	if (!(member = chat_member_open(&options, &err)))
		return fprintf(stderr, "%s\n", err.text), 64;
	ready.fd = chat_member_fd(member);
	do {
		poll(&ready, 1, -1);
		while ((event = chat_member_next(member)) && event->type != CHAT_EVENT_ENDED)
			if (is_question(event) &&
				chat_member_send_text(
					member, chat_span_of("pong"), event->id, 0, &err) < 0)
				fprintf(stderr, "%s: %s\n", event->id, err.text);
	} while (!event);
	fprintf(stderr, "%s\n", event->err.text);
	chat_member_free(member);
	return 69;
}
