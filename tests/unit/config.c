/* Each option of chat-serve sets its own field of struct config, and no other. */
#include "serve/config.h"

#include <stddef.h>
#include <string.h>

#include "tap.h"

struct number {
	const char *name, *text;
	size_t offset; /* of an int64_t */
	int64_t value;
};

#define AT(field) offsetof(struct config, field)

/* With --journal, which some of them need. No value is a default. */
static const struct number numbers[] = {
	{"--max-failures", "11", AT(access.max_failures), 11},
	{"--history", "51", AT(history.replay), 51},
	{"--history-bytes", "255k", AT(history.replay_bytes), 255 << 10},
	{"--history-keep", "999", AT(history.keep), 999},
	{"--history-memory", "255M", AT(history.memory_bytes), 255 << 20},
	{"--grace", "3s", AT(channels.grace_ms), 3000},
	{"--crowd", "1001", AT(channels.crowd), 1001},
	{"--nonce-time", "6m", AT(nonces.keep_ms), 360000},
	{"--max-nonces", "1000001", AT(nonces.max_nonces), 1000001},
	{"--nonce-memory", "65M", AT(nonces.memory_bytes), 65 << 20},
	{"--journal-segment", "63M", AT(journal.segment_bytes), 63 << 20},
	{"--journal-max-bytes", "16k", AT(journal.max_bytes), 16 << 10},
	{"--journal-max-age", "7d", AT(journal.max_age_ms), 604800000},
	{"--journal-max-messages", "5", AT(journal.max_messages), 5},
	{"--disk-timeout", "11s", AT(journal.disk_timeout_ms), 11000},
	{"--max-message", "2M", AT(limits.max_message_bytes), 2 << 20},
	{"--max-init", "3k", AT(limits.max_init_bytes), 3 << 10},
	{"--max-fragments", "1025", AT(limits.max_fragments), 1025},
	{"--max-connections", "10001", AT(limits.max_connections), 10001},
	{"--max-per-address", "65", AT(limits.max_per_address), 65},
	{"--max-channels", "10002", AT(channels.max_channels), 10002},
	{"--max-members", "10003", AT(channels.max_members), 10003},
	{"--max-errors", "21", AT(limits.max_errors), 21},
	{"--rate", "0", AT(rates.messages), 0},
	{"--burst", "101", AT(rates.burst), 101},
	{"--rate-bytes", "1k", AT(rates.bytes), 1 << 10},
	{"--rate-join", "9", AT(rates.joins), 9},
	{"--queue", "5M", AT(memory.queue_bytes), 5 << 20},
	{"--queue-total", "257M", AT(memory.queue_total_bytes), 257 << 20},
	{"--receive-total", "129M", AT(memory.receive_total_bytes), 129 << 20},
	{"--unsynced-total", "63M", AT(memory.unsynced_total_bytes), 63 << 20},
	{"--head-timeout", "12s", AT(timeouts.head_ms), 12000},
	{"--init-timeout", "13s", AT(timeouts.init_ms), 13000},
	{"--message-timeout", "31s", AT(timeouts.message_ms), 31000},
	{"--close-timeout", "6s", AT(timeouts.close_ms), 6000},
	{"--progress-timeout", "32s", AT(timeouts.progress_ms), 32000},
	{"--ping-interval", "33s", AT(timeouts.ping_interval_ms), 33000},
	{"--ping-timeout", "34s", AT(timeouts.pong_ms), 34000},
};

struct text {
	const char *name;
	size_t offset; /* of a const char * */
};

static const struct text texts[] = {
	{"--url-file", AT(listening.url_file)},
	{"--metrics", AT(listening.metrics)},
	{"--tokens", AT(access.tokens)},
	{"--new-token", AT(access.new_token)},
	{"--user", AT(access.user)},
	{"--tls-cert", AT(tls.cert)},
	{"--journal", AT(journal.dir)},
};

static const struct text flags[] = {
	{"--open", AT(access.open)},
	{"--no-sandbox", AT(access.no_sandbox)},
	{"--stdin", AT(channels.read_stdin)},
	{"--repair", AT(journal.repair)},
	{"--quiet", AT(output.quiet)},
	{"--verbose", AT(output.verbose)},
};

static const struct text lists[] = {
	{"--listen", AT(listening.addresses)},
	{"--origin", AT(listening.origins)},
	{"--host", AT(listening.hosts)},
	{"--trust-proxy", AT(listening.proxies)},
	{"--proxy-protocol", AT(listening.tcp_proxies)},
};

/* Reads "--journal dir" and up to two arguments. All bytes of config are set, padding as well. */
static void
read_two(struct config *config, const char *name, const char *value)
{
	char *argv[] = {
		(char *)"chat-serve", (char *)"--journal=dir", (char *)name, (char *)value, NULL};
	int argc = 2;

	while (argv[argc])
		argc++;
	config_read(config, argc, argv);
}

/* Returns true if the configs are the same but for some bytes. */
static bool
differ_only_at(const struct config *one, const struct config *other, size_t offset, size_t len)
{
	struct config copy;

	memcpy(&copy, one, sizeof(copy));
	memcpy((char *)&copy + offset, (const char *)other + offset, len);
	return memcmp(&copy, other, sizeof(copy)) == 0 &&
		memcmp((const char *)one + offset, (const char *)other + offset, len) != 0;
}

static void
test_numbers(const struct config *defaults)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct config config;
		int64_t value;

		read_two(&config, numbers[i].name, numbers[i].text);
		memcpy(&value, (char *)&config + numbers[i].offset, sizeof(value));
		is_int(value, numbers[i].value, "%s sets its field", numbers[i].name);
		ok(differ_only_at(defaults, &config, numbers[i].offset, sizeof(value)),
			"and no other");
	}
}

static void
test_texts(const struct config *defaults)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config config;
		const char *text;

		read_two(&config, texts[i].name, "text");
		memcpy(&text, (char *)&config + texts[i].offset, sizeof(text));
		is_str(text, "text", "%s sets its field", texts[i].name);
		ok(differ_only_at(defaults, &config, texts[i].offset, sizeof(text)),
			"and no other");
	}
}

static void
test_flags(const struct config *defaults)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct config config;

		read_two(&config, flags[i].name, NULL);
		ok(differ_only_at(defaults, &config, flags[i].offset, sizeof(bool)),
			"%s sets its field and no other", flags[i].name);
	}
}

static void
test_lists(const struct config *defaults)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct chat_strings strings;
		struct config config;

		read_two(&config, lists[i].name, "text");
		memcpy(&strings, (char *)&config + lists[i].offset, sizeof(strings));
		ok(strings.count == 1 && strcmp(strings.at[0], "text") == 0, "%s adds to its list",
			lists[i].name);
		ok(differ_only_at(defaults, &config, lists[i].offset, sizeof(strings)),
			"and to no other");
		config_free(&config);
	}
}

static void
test_files_of_tls(void)
{
	char *argv[] = {(char *)"chat-serve", (char *)"--tls-cert=cert", (char *)"--tls-key=key",
		(char *)"--tls-client-ca=ca", NULL};
	struct config config;

	config_read(&config, 4, argv);
	is_str(config.tls.cert, "cert", "the certificate of TLS");
	is_str(config.tls.key, "key", "its key");
	is_str(config.tls.client_ca, "ca", "the authorities of clients");
}

int
main(void)
{
	struct config defaults, config;

	read_two(&defaults, NULL, NULL);
	ok(defaults.rates.messages == -1 && defaults.rates.bytes == -1 &&
			defaults.rates.joins == -1,
		"rates are not given by default");
	read_two(&config, "--sync", "always");
	ok(differ_only_at(&defaults, &config, AT(journal.sync), sizeof(config.journal.sync)),
		"--sync sets its field");
	test_numbers(&defaults);
	test_texts(&defaults);
	test_flags(&defaults);
	test_lists(&defaults);
	test_files_of_tls();
	return done();
}
