/* The command lines of clients. */
#include "simulation/client_commands.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chat/msg.h"
#include "simulation/liar.h"

static void
add(struct client_command *command, const char *word)
{
	command->argv[command->count++] = word;
	command->argv[command->count] = NULL;
}

static void __attribute__((format(printf, 2, 3)))
addf(struct client_command *command, const char *format, ...)
{
	char *text = command->texts[command->count];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(command->texts[0]), format, list);
	va_end(list);
	add(command, text);
}

/* Adds the words of the options that a client has. */
static void
add_options(struct client_command *command, unsigned options, const char *const words[])
{
	for (unsigned bit = 0; bit < CLIENT_OPTIONS; bit++)
		if ((options & 1u << bit) && words[bit])
			add(command, words[bit]);
}

static void
add_user(struct client_command *command, const struct client_plan *plan, unsigned number)
{
	static const char *const channels[CHANNELS] = {"/", "ops"};

	if (plan->window % 7 == 0)
		add(command, "--token-file=/token");
	if (plan->kind != CLIENT_LISTENER || plan->window % 5) {
		addf(command, "--username=client%u", number);
		addf(command, "--id=c%u", number);
	}
	if (plan->kind != CLIENT_LISTENER ||
		(plan->form != LISTEN_BOTH && plan->form != LISTEN_CURSOR))
		addf(command, "-c%s", channels[plan->channel]);
	if (plan->lied_to && plan->kind == CLIENT_SENDER)
		addf(command, "--url=ws://localhost:%d/", LIAR_PORT);
}

/* ---- senders ---- */

static void
add_content(struct client_command *command, const struct client_plan *plan, unsigned number)
{
	char text[TEXT_MOST + 1];

	switch ((enum send_form)plan->form) {
	case SEND_LINES:
		add(command, "-l");
		break;
	case SEND_SPLIT:
		add(command, "-l");
		add(command, "--split");
		break;
	case SEND_WORDS:
		client_text(text, number, 0);
		add(command, "--");
		addf(command, "%s", text);
		break;
	case SEND_FILES:
		add(command, "--mime=text/x-test");
		if (client_sends_stdin(plan)) {
			add(command, "--file=-");
			addf(command, "--name=c%u-0", number);
			break;
		}
		for (unsigned i = 0; i < plan->lines && i < 20; i++)
			addf(command, "--file=/c%u-%u", number, i);
		break;
	case SEND_REPLAY:
		addf(command, "--replay=/log-%u", number);
		if (plan->window % 2)
			addf(command, "--speed=%u", 1 + plan->window);
		break;
	default:
		break;
	}
}

static void
write_sender(struct client_command *command, const struct client_plan *plan, unsigned number)
{
	static const char *const words[CLIENT_OPTIONS] = {"--tee", "-q", NULL, "--full-receipts",
		"--visible", "-v", "--retry-for=3s", "-W40s", NULL, "--dead-after=2s",
		"--retry-for=0", "--retry-for=forever"};
	static const char *const acks[] = {"auto", "nonce", "echo", "close"};

	add(command, "chat-send");
	add_user(command, plan, number);
	add_options(command, plan->options, words);
	addf(command, "--window=%u", plan->window);
	addf(command, "--ack=%s", acks[plan->ack]);
	if (client_wants_replies(plan)) {
		add(command, "--reply=2");
		add(command, "-W20s");
	}
	if ((plan->options & SEND_REPLACE) && plan->form <= SEND_SPLIT &&
		(plan->form == SEND_LINES || plan->form == SEND_SPLIT))
		add(command, "--replace");
	add_content(command, plan, number);
}

/* ---- listeners ---- */

/* The id of the first message that the server has printed. */
static void
add_first_id(struct client_command *command, const struct run *run)
{
	struct chat_span line = {0};
	struct chat_msg msg;
	const char *end;
	size_t len = 0;

	if (run_has_started(run))
		line.at = disk_bytes("/server-0-0", &len);
	for (; line.at && (end = memchr(line.at, '\n', len)); line.at = end + 1) {
		line.len = (size_t)(end - line.at);
		len -= line.len + 1;
		if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, NULL) < 0 ||
			msg.type != CHAT_TYPE_MESSAGE)
			continue;
		line = chat_json_inside(&msg.value[CHAT_SLOT_ID]);
		addf(command, "--since=%.*s", (int)line.len, line.at);
		return;
	}
	add(command, "--since=018c3f0a1b2c-0000000a");
}

static void
add_urls(struct client_command *command, const struct client_plan *plan)
{
	addf(command, "ws://localhost:%d/", plan->lied_to ? LIAR_PORT : 3001);
	addf(command, "ws://127.0.0.1:%d/ops", plan->lied_to && plan->lines % 2 ? LIAR_PORT : 3001);
}

static void
add_wish(struct client_command *command, const struct run *run, unsigned number)
{
	static const char *const times[] = {"--since=-5s", "--since=2026-01-01T00:00:05Z",
		"--since=2026-01-01T01:00:00.5+01:00", "--since=-2h"};
	const struct client_plan *plan = &run->plan->client[number];

	switch ((enum listen_form)plan->form) {
	case LISTEN_ALL:
		add(command, "--since=all");
		add(command, "--no-follow");
		break;
	case LISTEN_LAST:
		addf(command, "-n%u", plan->lines);
		add(command, "--no-follow");
		break;
	case LISTEN_ID:
		add_first_id(command, run);
		break;
	case LISTEN_TIME:
		add(command, times[plan->lines % 4]);
		add(command, "--until-idle=9s");
		break;
	case LISTEN_LOG:
		add(command, "--from-log=/server-0-0");
		break;
	case LISTEN_IDLE:
		add(command, "--until-idle=4s");
		break;
	case LISTEN_COUNT:
		addf(command, "-C%u", plan->lines);
		add(command, "-W30s");
		break;
	case LISTEN_CURSOR:
		addf(command, "--cursor-file=/cursor-c%u", number);
		add(command, "--since=all");
		add(command, "--wait");
		break;
	default:
		break;
	}
}

/* Without what does not go with the form of the call. */
static unsigned
listen_options(const struct client_plan *plan)
{
	unsigned options = plan->options;

	if (plan->form == LISTEN_LOG)
		options &= ~(unsigned)(LISTEN_SAVE | LISTEN_LINE | LISTEN_QUIET);
	if (plan->form == LISTEN_CURSOR)
		options &= ~(unsigned)LISTEN_NO_RECONNECT;
	return options;
}

static void
write_listener(struct client_command *command, const struct run *run, unsigned number)
{
	const struct client_plan *plan = &run->plan->client[number];
	static const char *const words[CLIENT_OPTIONS] = {"-H", NULL, "--events", "--history=line",
		"--from=speaker0", "--no-user", "--no-loop", "--hidden", "-q", "-v",
		"--no-reconnect", "--color=always"};
	unsigned options = listen_options(plan);

	add(command, "chat-listen");
	add_user(command, plan, number);
	add_options(command, options, words);
	if (options & LISTEN_SAVE)
		addf(command, "--save-files=/inbox-%u", number);
	if (options & LISTEN_NO_LOOP)
		addf(command, "--max-hops=%u", 1 + plan->window);
	if (plan->window % 4 == 0)
		add(command, "--dead-after=2s");
	if (plan->window % 3 == 0)
		add(command, "-tmessage,error");
	add_wish(command, run, number);
	if (plan->form == LISTEN_BOTH || plan->form == LISTEN_CURSOR)
		add_urls(command, plan);
	else if (plan->lied_to && plan->form != LISTEN_LOG)
		addf(command, "ws://localhost:%d/", LIAR_PORT);
}

/* ---- bots ---- */

static void
write_bot(struct client_command *command, const struct run *run, unsigned number)
{
	const struct client_plan *plan = &run->plan->client[number];

	add(command, "chat-listen");
	add_user(command, plan, number);
	addf(command, "--cursor-file=/cursor-c%u", number);
	add(command, "--since=all");
	add(command, "--history=flat");
	add(command, "--wait");
	if (plan->options & BOT_RESTART)
		add(command, "--restart");
	if (plan->lied_to)
		addf(command, "ws://localhost:%d/", LIAR_PORT);
	add(command, "--exec");
	add(command,
		client_has_program(plan)  ? "bot"
			: plan->lines % 2 ? "no-program"
					  : "no such program");
	addf(command, "%lld", (long long)(run->plan->calm_ns / MILLISECOND));
	addf(command, "%u", plan->dies);
	addf(command, "%u", plan->dies_how);
	addf(command, "%u", plan->slow_ms);
}

static void
write_member(struct client_command *command, const struct client_plan *plan, unsigned number)
{
	add(command, "member");
	addf(command, "ws://localhost:%d%s", plan->lied_to ? LIAR_PORT : 3001,
		plan->channel ? "/ops" : "/");
	addf(command, "client%u", number);
	addf(command, "c%u", number);
	add(command, plan->form % 2 ? "leaves" : "stays");
}

void
client_command_write(struct client_command *command, const struct run *run, unsigned number)
{
	const struct client_plan *plan = &run->plan->client[number];

	command->count = 0;
	if (plan->kind == CLIENT_SENDER)
		write_sender(command, plan, number);
	else if (plan->kind == CLIENT_LISTENER)
		write_listener(command, run, number);
	else if (plan->kind == CLIENT_BOT)
		write_bot(command, run, number);
	else
		write_member(command, plan, number);
}

void
plan_print_client(const struct client_plan *client, unsigned number)
{
	static const char *const outputs[] = {
		"a file", "a pipe", "a pipe that breaks", "a full disk", "nowhere"};
	static struct client_command command;
	static struct run run;
	static struct plan plan;

	plan.client[number] = *client;
	run.plan = &plan;
	client_command_write(&command, &run, number);
	printf("client %u: from %.3f s on, %u lines, to %s:", number,
		(double)client->begin_ns / 1e9, client->lines, outputs[client->output]);
	for (unsigned i = 0; i < command.count; i++)
		printf(" %s", command.argv[i]);
	if (client->end_ns != NEVER)
		printf("; signal %d at %.3f s", client->signal, (double)client->end_ns / 1e9);
	putchar('\n');
}
