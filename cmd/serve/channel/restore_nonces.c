/*
 * Restores the nonces of the last minutes, at the start. A client that posted a message before the
 * server stopped may post it again, and no second message is made.
 */
#include "chat/msg.h"
#include "serve/channel/post.h"
#include "serve/channel/restore_private.h"
#include "serve/journal/scan.h"

/*
 * The nonces of so many bytes at the end of the journal are restored, whatever their timestamps
 * say: the clock may have been set since then.
 */
#define NEWEST_BYTES ((uint64_t)4 << 20)

/* The argument of on_line. */
struct nonce_scan {
	const struct restored_sets *sets;
	int64_t cutoff_ms; /* Unix time; older nonces are not restored, unless they are among the
			      newest */
	uint64_t to_end; /* bytes from the line to the end of the journal */
};

/*
 * Returns a block with the frame of the message: the block of the history if the history has the
 * message, otherwise a new block. *at gets the offset of the frame. The caller owns the returned
 * reference.
 */
static struct block *
message_block(const struct channel *channel, uint64_t number, struct chat_span text, uint32_t *at)
{
	uint32_t i = channel ? history_after(&channel->history, number - 1) : 0;
	const struct history_entry *entry;

	if (channel && i < channel->history.count) {
		entry = history_at(&channel->history, i);
		*at = entry->at;
		if (entry->number == number)
			return block_ref(entry->block);
	}
	*at = 0;
	return block_of_frame(CHAT_WS_TEXT, text);
}

/* Publishes a nonce that was added, with the age of its message. An impossible age counts as 0. */
static void
nonce_restore(struct channels *channels, struct nonce *nonce, const struct journal_line *line,
	struct chat_span text)
{
	struct clock *clock = channels->clock;
	int64_t age_ms = clock_unix_ms(clock) - line->timestamp_ms;
	struct channel *channel;
	struct block *block;
	uint32_t at;

	if (age_ms < 0 || age_ms > channels->nonces.keep_ms)
		age_ms = 0;
	HASH_FIND(hh, channels->by_name, line->channel.at, line->channel.len, channel);
	block = message_block(channel, line->number, text, &at);
	nonces_publish(&channels->nonces, nonce, block, at, clock_now_ms(clock) - age_ms);
	block_unref(block);
}

/*
 * Adds the nonce of a line. The journal does not have the address that posted the message, so the
 * memory counts for the user.
 */
static void
line_restore(struct channels *channels, const struct journal_line *line, struct chat_span text)
{
	struct nonces *nonces = &channels->nonces;
	struct channel_post post;
	struct nonce_key key;
	struct nonce *nonce;
	struct chat_msg msg;

	if (chat_msg_read(&msg, text, CHAT_FROM_SERVER, NULL) < 0 ||
		line->sender_id.len > NONCE_ID_MAX || line->channel.len > CHAT_CHANNEL_MAX)
		return;
	channel_post_fill(&post, &msg);
	key = nonce_key(line->channel, line->sender_id, post.nonce);
	if (!post.nonce_json.len || nonces_find(nonces, key))
		return;
	nonce = nonces_add(nonces, key,
		&(struct nonce_message){
			.owner = chat_hash(line->sender_id.at, line->sender_id.len),
			.digest = channel_post_digest(&post),
		});
	nonce_restore(channels, nonce, line, text);
}

static void
on_line(void *arg, struct chat_span text, enum scan_verdict verdict)
{
	struct nonce_scan *scan = arg;
	bool is_new = scan->to_end <= NEWEST_BYTES;
	struct journal_line line;

	scan->to_end -= text.len + 1 < scan->to_end ? text.len + 1 : scan->to_end;
	if (verdict == SCAN_GOOD && journal_line_read(&line, text) && line.nonce_json.len &&
		(is_new || line.timestamp_ms >= scan->cutoff_ms))
		line_restore(restored_set(scan->sets, line.channel), &line, text);
}

static int
restore_segment(struct nonce_scan *nonce_scan, const struct disk_journal *disk, uint32_t number,
	struct chat_err *err)
{
	struct scan scan;

	if (segment_scan(&scan, disk->dir_fd, number, on_line, nonce_scan, err) < 0)
		return -1;
	scan_free(&scan);
	return 0;
}

int
restore_nonces(
	const struct restored_sets *sets, const struct disk_journal *disk, struct chat_err *err)
{
	const struct nonces *nonces = &sets->at[0]->nonces; /* all have the same limits now */
	struct nonce_scan scan = {
		.sets = sets,
		.cutoff_ms = clock_unix_ms(sets->at[0]->clock) - nonces->keep_ms,
	};
	uint64_t bytes = disk->segments.active->lines_bytes;
	size_t first = disk->closed.count;

	while (first && bytes < nonces->most_bytes &&
		(bytes < NEWEST_BYTES || disk->closed.at[first - 1].timestamp_ms >= scan.cutoff_ms))
		bytes += disk->closed.at[--first].lines_bytes;
	scan.to_end = bytes;
	for (; first < disk->closed.count; first++)
		if (restore_segment(&scan, disk, disk->closed.at[first].number, err) < 0)
			return -1;
	return restore_segment(&scan, disk, disk->segments.active->number, err);
}
