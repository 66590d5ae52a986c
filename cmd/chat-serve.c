/* chat-serve: a chat server, at once, with no configuration. See chat-serve(1). */
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/config.h"
#include "serve/server.h"
#include "serve/util/memory.h"
#include "text/line.h"

static void
report_metrics(struct server *server)
{
	const struct listeners *listeners = &server->monitor.listeners;

	for (size_t i = 0; i < listeners->count; i++) {
		const char *url = listeners->at[i].url;

		if (listeners->at[i].unlink)
			error_log_printf(&server->error_log, "metrics on %s", url);
		else /* the scheme of a listener is ws */
			error_log_printf(
				&server->error_log, "metrics on http%smetrics", strchr(url, ':'));
	}
}

/* Reports the addresses of the server on stderr. */
static void
report_addresses(struct server *server)
{
	const struct listeners *listeners = &server->listeners;

	for (size_t i = 0; i < listeners->count; i++)
		error_log_printf(&server->error_log, "listening on %s", listeners->at[i].url);
	report_metrics(server);
	if (!listeners_reach_out(listeners))
		error_log_printf(&server->error_log,
			"only this machine can connect; others with --listen :3001 and --tokens "
			"or --open");
}

static int
new_token(const char *name)
{
	struct chat_buf line = {0};
	struct chat_err err;

	if (tokens_make(&line, name, &err) < 0)
		chat_die_usage("--new-token: %s", err.text);
	if (chat_write_all(STDOUT_FILENO, line.at, line.len, &err) < 0)
		chat_die(CHAT_EXIT_IO, "%s", err.text);
	chat_buf_free(&line);
	return CHAT_EXIT_OK;
}

int
main(int argc, char **argv)
{
	struct config config;
	struct server server;
	struct chat_err err = {0};
	int status;

	chat_start();
	memory_configure();
	config_read(&config, argc, argv);
	if (config.access.new_token)
		return new_token(config.access.new_token);
	if (server_open(&server, &config, &err) < 0) {
		if (err.code == CHAT_USAGE)
			chat_die_usage("%s", err.text);
		chat_die(chat_exit_status(err.code), "%s", err.text);
	}
	report_addresses(&server);
	server_run(&server);
	status = server_close(&server);
	config_free(&config);
	return status;
}
