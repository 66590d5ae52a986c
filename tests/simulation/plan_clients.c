/* Draws the clients of a plan: which commands are called in which way. */
#include <signal.h>

#include "simulation/plan.h"

#define LATEST_NS (18 * SECOND) /* a client begins before that */
#define OUTPUT_ODD 6 /* one of so many has a standard output that does not take everything */

/* Each option is there in one of six. */
static unsigned
draw_options(struct chance *chance)
{
	unsigned options = 0;

	for (unsigned bit = 0; bit < CLIENT_OPTIONS; bit++)
		if (chance_below(chance, 6) == 0)
			options |= 1u << bit;
	return options;
}

static enum client_output
draw_output(struct chance *chance)
{
	if (chance_below(chance, OUTPUT_ODD) == 0)
		return (enum client_output)chance_between(chance, OUTPUT_BROKEN, OUTPUT_CLOSED);
	return chance_below(chance, 2) ? OUTPUT_FILE : OUTPUT_PIPE;
}

static void
draw_bot(struct client_plan *client, struct chance *chance)
{
	static const unsigned ends[] = {3, 3, 1, 128 + SIGKILL, 128 + SIGTERM, 0};

	client->output = OUTPUT_FILE; /* the command has it */
	client->dies = chance_below(chance, 2) ? 0 : (unsigned)chance_scale(chance, 300);
	client->dies_how = ends[chance_below(chance, sizeof(ends) / sizeof(*ends))];
	client->slow_ms = chance_below(chance, 2) ? 0 : (unsigned)chance_scale(chance, 500);
	client->again = true;
}

static void
draw_client(struct plan *plan, struct chance *chance, bool lies)
{
	static const int ends[] = {SIGKILL, SIGTERM, SIGINT};
	struct client_plan *client = &plan->client[plan->clients++];

	*client = (struct client_plan){
		.kind = (enum client_kind)chance_below(chance, CLIENT_KINDS),
		.lied_to = lies && chance_below(chance, 3),
		.options = draw_options(chance),
		.channel = (unsigned)chance_below(chance, CHANNELS),
		.lines = (unsigned)chance_scale(chance, 60),
		.window = (unsigned)chance_scale(chance, 256),
		.ack = (unsigned)(chance_below(chance, 2) ? 0 : chance_below(chance, 4)),
		.output = draw_output(chance),
		.begin_ns = chance_below(chance, 3) ? chance_between(chance, 0, LATEST_NS) : 0,
		.end_ns = NEVER,
		.signal = ends[chance_below(chance, 3)],
	};
	client->form = (unsigned)chance_below(
		chance, client->kind == CLIENT_SENDER ? SEND_FORMS : LISTEN_FORMS);
	client->middle_ns = client->begin_ns + chance_scale(chance, 10 * SECOND);
	if (chance_below(chance, 3) == 0)
		client->end_ns = client->begin_ns + chance_scale(chance, 20 * SECOND);
	client->again = client->kind == CLIENT_LISTENER && client->form == LISTEN_CURSOR;
	if (client->kind == CLIENT_BOT)
		draw_bot(client, chance);
	if (client->kind == CLIENT_MEMBER)
		client->output = OUTPUT_FILE;
}

void
plan_draw_clients(struct plan *plan, struct chance *chance)
{
	bool lies = chance_below(chance, 2);

	if (chance_below(chance, 3) == 0)
		return;
	for (int64_t count = chance_between(chance, 1, CLIENTS_MOST); count > 0; count--)
		draw_client(plan, chance, lies);
}
