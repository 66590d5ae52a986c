/*
 * Several threads check one file. Each thread reads the next block (only one reads at a time),
 * checks it, and waits for its turn to report. So line numbers and findings are in the order of the
 * file. Memory holds one block and a limited number of findings for each thread.
 */
#include "validate/threads.h"

#include <pthread.h>
#include <stdlib.h>

#include "command/diag.h"
#include "validate/block.h"

#define THREADS_READ_BYTES (512 * 1024)

struct threads {
	pthread_mutex_t lock; /* protects all other members, and check->report */
	pthread_cond_t reported; /* signaled when turn has changed */
	struct check *check;
	struct chat_lines *input;
	struct chat_err *err;
	int result; /* of block_read(); no thread reads after it was 0 or -1 */
	uint64_t blocks; /* the number of blocks read */
	uint64_t turn; /* the index of the block that is reported next */
};

struct member {
	struct threads *team;
	struct report part; /* the findings in block */
	struct block block;
	struct checker *checker;
	uint64_t number; /* the index of the block, from 0 */
	pthread_t thread;
};

/* Waits until all blocks before this one are reported. The caller must hold the lock. */
static void
wait_for_turn(const struct member *member)
{
	while (member->team->turn != member->number)
		pthread_cond_wait(&member->team->reported, &member->team->lock);
}

/*
 * Called by report_finding() if the part cannot keep more findings. Writes them when it is the turn
 * of the block.
 */
static void
on_full(void *arg)
{
	struct member *member = arg;
	struct threads *team = member->team;

	pthread_mutex_lock(&team->lock);
	wait_for_turn(member);
	report_show(team->check->report, &member->part);
	pthread_mutex_unlock(&team->lock);
}

/*
 * Reads, checks and reports the next block. Returns false if there is none. The caller must hold
 * the lock, which is released while the block is checked or waits for its turn.
 */
static bool
work(struct member *member)
{
	struct threads *team = member->team;

	if (team->result > 0)
		team->result =
			block_read(&member->block, team->check, team->input, true, team->err);
	if (team->result <= 0)
		return false;
	member->number = team->blocks++;
	pthread_mutex_unlock(&team->lock);
	checker_check(member->checker, &member->block);
	checker_end(member->checker);
	pthread_mutex_lock(&team->lock);
	wait_for_turn(member);
	report_add(team->check->report, &member->part);
	team->turn++;
	pthread_cond_broadcast(&team->reported);
	return true;
}

static void *
member_run(void *arg)
{
	struct member *member = arg;
	const struct report *report = member->team->check->report;

	member->part = (struct report){
		.format = report->format,
		.quiet = report->quiet,
		.max_shown = report->max_shown,
		.on_full = on_full,
		.on_full_arg = member,
	};
	member->checker = checker_new(member->team->check, &member->part);
	pthread_mutex_lock(&member->team->lock);
	while (work(member))
		;
	pthread_mutex_unlock(&member->team->lock);
	checker_free(member->checker);
	report_part_free(&member->part);
	chat_buf_free(&member->block.bytes);
	return NULL;
}

int
threads_check(struct check *check, struct chat_lines *input, struct chat_err *err)
{
	struct threads team = {.check = check, .input = input, .err = err, .result = 1};
	struct member *members = chat_alloc_zeroed(check->threads, sizeof(*members));

	if (check->read_bytes == 0)
		input->read_bytes = THREADS_READ_BYTES;
	pthread_mutex_init(&team.lock, NULL);
	pthread_cond_init(&team.reported, NULL);
	for (unsigned i = 0; i < check->threads; i++)
		members[i].team = &team;
	for (unsigned i = 1; i < check->threads; i++)
		if (pthread_create(&members[i].thread, NULL, member_run, &members[i]) != 0)
			chat_die(CHAT_EXIT_INTERNAL, "cannot start a thread");
	member_run(&members[0]);
	for (unsigned i = 1; i < check->threads; i++)
		pthread_join(members[i].thread, NULL);
	pthread_cond_destroy(&team.reported);
	pthread_mutex_destroy(&team.lock);
	free(members);
	return team.result;
}
