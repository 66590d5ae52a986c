/*
 * Members of one channel, of whom some speak. All count what they hear; those who speak and a
 * sample of the others check it. At the end each has everything, in one order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

#include "command/diag.h"
#include "load.h"
#include "load_peer.h"
#include "load_stream.h"
#include "load_text.h"
#include "load_usage.h"

#define EVENTS 512
#define READ_BYTES ((size_t)256 << 10)
#define SAMPLE_EVERY 8 /* one of so many listeners checks, but at least SAMPLE_MIN */
#define SAMPLE_MIN 4
#define SWEEP_NS ((uint64_t)1000000)
#define DRAIN_NS ((uint64_t)30 * 1000000000)
#define NOBODY UINT32_MAX

enum phase { PHASE_WARMUP, PHASE_MEASURE, PHASE_DRAIN };

struct sender {
	struct text text;
	struct chat_buf out; /* what the kernel has not taken */
};

struct member {
	struct wire *wire; /* its peer's */
	uint32_t speaks_as; /* index of its sender, or NOBODY */
	struct stream stream;
};

/* The counters at one moment. */
struct reading {
	uint64_t at_ns;
	uint64_t bytes; /* received by all */
	uint64_t texts; /* sent */
	uint64_t server_ns, own_ns; /* of CPU time */
	uint64_t server_waited_ns, own_waited_ns;
};

struct fanout {
	const struct load *load;
	struct peers peers;
	struct member *members;
	size_t member_count;
	struct sender *senders;
	uint32_t sender_count;
	struct layout layout;
	char *buffer; /* READ_BYTES, and space for a tail in front */
	enum phase phase;
	uint64_t bytes, texts;
	uint64_t paced_ns; /* when the first of the texts at a rate was due */
	uint64_t swept_ns; /* when those were read last who are not waited for */
	struct durations latency, late;
	struct reading from, to;
};

/* ---- sending ---- */

static void
sender_flush(struct sender *sender, struct wire *wire)
{
	ssize_t sent;

	if (!sender->out.len)
		return;
	sent = wire_send(wire, sender->out.at, sender->out.len);
	if (sent < 0 && errno != EAGAIN)
		chat_die(1, "a sender: %m");
	if (sent > 0 && (size_t)sent == sender->out.len)
		sender->out.len = 0;
	else if (sent > 0)
		chat_buf_drop(&sender->out, (size_t)sent);
}

/* The next texts of a sender, in one write. */
static void
fanout_say(struct fanout *run, struct member *member, size_t count, uint64_t time_ns)
{
	struct sender *sender = &run->senders[member->speaks_as];

	if (!count || run->phase == PHASE_DRAIN)
		return;
	run->texts += count;
	while (count--)
		text_append(&sender->out, &sender->text, time_ns);
	sender_flush(sender, member->wire);
}

/* Senders are spread over the members, a single one amid them: no order of service favours them. */
static size_t
sender_place(const struct fanout *run, uint32_t sender)
{
	return (2 * sender + 1) * run->member_count / (2 * run->sender_count);
}

/*
 * At a rate: sends what is due, as sent when it was due; returns when the next is. So a server that
 * falls behind is not spared the texts, nor their waiting.
 */
static uint64_t
fanout_pace(struct fanout *run, uint64_t now_ns)
{
	double interval_ns = 1e9 / (double)run->load->rate;
	uint64_t due_ns;

	for (;;) {
		due_ns = run->paced_ns + (uint64_t)((double)run->texts * interval_ns);
		if (run->phase == PHASE_DRAIN)
			return UINT64_MAX;
		if (due_ns > now_ns)
			return due_ns;
		if (run->phase == PHASE_MEASURE)
			durations_add(&run->late, now_ns - due_ns);
		fanout_say(run,
			&run->members[sender_place(
				run, (uint32_t)(run->texts % run->sender_count))],
			1, due_ns);
	}
}

/* ---- receiving ---- */

static void
member_count(struct fanout *run, struct member *member, ssize_t got)
{
	if (got == 0)
		chat_die(1, "the server ended a connection");
	if (got < 0 && errno != EAGAIN)
		chat_die(1, "a member: %m");
	if (got > 0) {
		member->stream.bytes += (uint64_t)got;
		run->bytes += (uint64_t)got;
	}
}

/* Takes all that is there without looking at it: the kernel copies nothing. */
static void
member_skip(struct fanout *run, struct member *member)
{
	member_count(run, member, wire_skip(member->wire));
}

static void
member_hear(struct fanout *run, struct member *member)
{
	size_t tail, echoes = 0;
	uint64_t now_ns = 0;
	ssize_t got;

	do {
		tail = stream_take_tail(&member->stream, run->buffer);
		got = wire_recv(member->wire, run->buffer + tail, READ_BYTES);
		now_ns = usage_now_ns();
		member_count(run, member, got);
		echoes += stream_check(&member->stream, &run->layout,
			(struct chat_span){run->buffer, tail + (got > 0 ? (size_t)got : 0)},
			member->speaks_as, now_ns);
	} while (got == (ssize_t)READ_BYTES);
	if (member->speaks_as == NOBODY)
		return;
	if (run->load->rate)
		sender_flush(&run->senders[member->speaks_as], member->wire);
	else
		fanout_say(run, member, echoes, now_ns);
}

static void
fanout_event(struct fanout *run, const struct epoll_event *event)
{
	struct member *member = &run->members[event->data.u32];

	if (event->events & EPOLLOUT && member->speaks_as != NOBODY)
		sender_flush(&run->senders[member->speaks_as], member->wire);
	if (member->stream.next)
		member_hear(run, member);
	else
		member_skip(run, member);
}

/*
 * At a rate nobody waits for those who only count: they are read once in a while, so that the time
 * of a delivery is the server's, not that of a busy load generator.
 */
static uint64_t
fanout_sweep(struct fanout *run, uint64_t now_ns)
{
	if (now_ns - run->swept_ns < SWEEP_NS)
		return run->swept_ns + SWEEP_NS;
	run->swept_ns = now_ns;
	for (size_t i = 0; i < run->member_count; i++)
		if (!run->members[i].stream.next)
			member_skip(run, &run->members[i]);
	return now_ns + SWEEP_NS;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- the course ---- */

static void
fanout_read_clocks(const struct fanout *run, struct reading *reading)
{
	reading->server_ns = load_servers_cpu_ns(run->load);
	reading->own_ns = usage_cpu_ns(0);
	reading->server_waited_ns = load_servers_waited_ns(run->load);
	reading->own_waited_ns = usage_waited_ns(0);
	reading->at_ns = usage_now_ns();
	reading->bytes = run->bytes;
	reading->texts = run->texts;
}

/* Waits until wake_ns at the latest and takes what came. */
static void
fanout_wait(struct fanout *run, uint64_t wake_ns, uint64_t due_ns)
{
	struct epoll_event events[EVENTS];
	uint64_t now_ns = usage_now_ns();
	uint64_t wait_ns = wake_ns > now_ns ? wake_ns - now_ns : 0;
	struct timespec timeout = {
		.tv_sec = (time_t)(wait_ns / 1000000000), .tv_nsec = (long)(wait_ns % 1000000000)};
	int count = epoll_pwait2(run->peers.epoll, events, EVENTS, &timeout, NULL);

	if (count < 0 && errno != EINTR)
		chat_die(1, "epoll_pwait2: %m");
	for (int i = 0; i < count; i++) {
		fanout_event(run, &events[i]);
		if (run->load->rate && (now_ns = usage_now_ns()) >= due_ns)
			due_ns = fanout_pace(run, now_ns);
	}
}

static void
fanout_turn(struct fanout *run, uint64_t wake_ns)
{
	uint64_t due_ns = UINT64_MAX;

	if (run->load->rate) {
		wake_ns = least(wake_ns, fanout_sweep(run, usage_now_ns()));
		due_ns = fanout_pace(run, usage_now_ns());
	}
	fanout_wait(run, least(wake_ns, due_ns), due_ns);
}

static void
fanout_run_for(struct fanout *run, int64_t ms)
{
	uint64_t end_ns = usage_now_ns() + (uint64_t)ms * 1000000;

	while (usage_now_ns() < end_ns)
		fanout_turn(run, end_ns);
}

/* Nobody speaks any more: until everybody has got everything. */
static void
fanout_drain(struct fanout *run)
{
	uint64_t end_ns = usage_now_ns() + DRAIN_NS;
	uint64_t want = run->texts * run->member_count;

	run->phase = PHASE_DRAIN;
	while (run->layout.frame_bytes == 0 || run->bytes < want * run->layout.frame_bytes) {
		fanout_turn(run, end_ns);
		if (usage_now_ns() >= end_ns)
			return; /* fanout_check says who lacks what */
	}
}

static void
fanout_start(struct fanout *run)
{
	run->paced_ns = usage_now_ns();
	for (uint32_t i = 0; i < run->sender_count && !run->load->rate; i++)
		fanout_say(run, &run->members[sender_place(run, i)], (size_t)run->load->window,
			usage_now_ns());
}

/* ---- set-up ---- */

static void
fanout_choose_speakers(struct fanout *run)
{
	run->senders = chat_alloc_zeroed(run->sender_count, sizeof(*run->senders));
	for (uint32_t i = 0; i < run->sender_count; i++) {
		text_init(&run->senders[i].text, i, run->layout.content_bytes);
		run->members[sender_place(run, i)].speaks_as = i;
	}
}

static void
fanout_choose_checkers(struct fanout *run)
{
	size_t listeners = run->member_count - run->sender_count;
	size_t every =
		listeners / SAMPLE_MIN < SAMPLE_EVERY ? listeners / SAMPLE_MIN : SAMPLE_EVERY;
	size_t listener = 0;

	for (size_t i = 0; i < run->member_count; i++) {
		struct member *member = &run->members[i];
		bool checks = run->load->verify || member->speaks_as != NOBODY;

		if (member->speaks_as == NOBODY)
			checks |= listener++ % (every ? every : 1) == 0;
		stream_init(&member->stream, &run->layout, checks);
		if (!checks && run->load->rate &&
			epoll_ctl(run->peers.epoll, EPOLL_CTL_DEL, member->wire->fd, NULL) < 0)
			chat_die(1, "epoll_ctl: %m");
	}
}

static void
fanout_init(struct fanout *run, const struct load *load)
{
	*run = (struct fanout){.load = load};
	run->member_count = (size_t)load->members;
	run->sender_count = (uint32_t)load->senders;
	run->layout.content_bytes = (size_t)load->bytes;
	run->layout.senders = run->sender_count;
	run->layout.verify = load->verify;
	run->layout.latency_mask = load->rate ? 0 : 7;
	run->buffer = chat_alloc(2 * READ_BYTES);

	peers_init(&run->peers, load, run->member_count);
	run->peers.hidden = true;
	peers_open(&run->peers, run->member_count);
	run->members = chat_alloc_zeroed(run->member_count, sizeof(*run->members));
	for (size_t i = 0; i < run->member_count; i++) {
		run->members[i].wire = &run->peers.at[i].wire;
		run->members[i].speaks_as = NOBODY;
	}
	fanout_choose_speakers(run);
	fanout_choose_checkers(run);
}

static void
fanout_free(struct fanout *run)
{
	for (size_t i = 0; i < run->member_count; i++)
		stream_free(&run->members[i].stream);
	for (uint32_t i = 0; i < run->sender_count; i++) {
		text_free(&run->senders[i].text);
		chat_buf_free(&run->senders[i].out);
	}
	free(run->members);
	free(run->senders);
	free(run->buffer);
	peers_free(&run->peers);
}

/* ---- the result ---- */

/* Everybody has every text, whole frames, in the order that the first checker saw. */
static size_t
fanout_check(const struct fanout *run)
{
	const struct stream *first = &run->members[sender_place(run, 0)].stream;
	size_t checked = 0;

	for (size_t i = 0; i < run->member_count; i++) {
		const struct stream *stream = &run->members[i].stream;

		if (stream->bytes != run->texts * run->layout.frame_bytes)
			chat_die(1, "member %zu got %llu bytes, not %llu texts of %zu", i,
				(unsigned long long)stream->bytes, (unsigned long long)run->texts,
				run->layout.frame_bytes);
		if (!stream->next)
			continue;
		checked++;
		if (stream->frames != run->texts)
			chat_die(1, "member %zu got %llu texts of %llu", i,
				(unsigned long long)stream->frames, (unsigned long long)run->texts);
		if (stream->hash != first->hash)
			chat_die(
				1, "member %zu got them in another order than the first sender", i);
	}
	return checked;
}

static void
fanout_print_latency(const struct fanout *run)
{
	printf("\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,"
	       "\"samples\":%llu},\"late_us\":{\"p99\":%.1f,\"max\":%.1f},",
		durations_us(&run->latency, 0.5), durations_us(&run->latency, 0.99),
		durations_us(&run->latency, 0.999), (double)run->latency.max_ns / 1e3,
		(unsigned long long)run->latency.count, durations_us(&run->late, 0.99),
		(double)run->late.max_ns / 1e3);
}

static void
fanout_print_costs(const struct fanout *run, double wall_ns, double deliveries)
{
	const struct reading *from = &run->from, *to = &run->to;
	double server_ns = (double)(to->server_ns - from->server_ns);

	printf("\"server_ns_per_delivery\":%.1f,\"server_cpu_share\":%.3f,"
	       "\"server_wait_share\":%.3f,\"load_cpu_share\":%.3f,\"load_wait_share\":%.3f,",
		deliveries > 0 ? server_ns / deliveries : 0, server_ns / wall_ns,
		(double)(to->server_waited_ns - from->server_waited_ns) / wall_ns,
		(double)(to->own_ns - from->own_ns) / wall_ns,
		(double)(to->own_waited_ns - from->own_waited_ns) / wall_ns);
}

static void
fanout_print(const struct fanout *run, size_t checked)
{
	const struct load *load = run->load;
	double wall_ns = (double)(run->to.at_ns - run->from.at_ns);
	double bytes = (double)(run->to.bytes - run->from.bytes);
	double texts = (double)(run->to.texts - run->from.texts);
	double deliveries = bytes / (double)run->layout.frame_bytes;

	printf("{\"mode\":\"fanout\",\"members\":%lld,\"senders\":%lld,\"window\":%lld,"
	       "\"rate\":%lld,\"bytes\":%lld,\"seconds\":%.3f,\"frame_bytes\":%zu,",
		(long long)load->members, (long long)load->senders, (long long)load->window,
		(long long)load->rate, (long long)load->bytes, wall_ns / 1e9,
		run->layout.frame_bytes);
	printf("\"deliveries_per_s\":%.0f,\"texts_per_s\":%.0f,\"bytes_per_s\":%.0f,",
		deliveries / wall_ns * 1e9, texts / wall_ns * 1e9, bytes / wall_ns * 1e9);
	fanout_print_latency(run);
	fanout_print_costs(run, wall_ns, deliveries);
	printf("\"checked\":{\"receivers\":%zu,\"orders\":%zu,\"texts\":%llu,"
	       "\"hash\":\"%016llx\"}}\n",
		run->member_count, checked, (unsigned long long)run->texts,
		(unsigned long long)run->members[sender_place(run, 0)].stream.hash);
}

void
load_fanout(const struct load *load)
{
	struct fanout run;

	if (prctl(PR_SET_TIMERSLACK, 1UL) < 0)
		chat_die(1, "prctl: %m");
	fanout_init(&run, load);
	fanout_start(&run);
	fanout_run_for(&run, load->warmup_ms);
	run.phase = PHASE_MEASURE;
	run.layout.latency = &run.latency;
	fanout_read_clocks(&run, &run.from);
	fanout_run_for(&run, load->time_ms);
	fanout_read_clocks(&run, &run.to);
	run.layout.latency = NULL;
	fanout_drain(&run);
	fanout_print(&run, fanout_check(&run));
	fanout_free(&run);
}
