/*
 * Several threads on one file. Whoever is free reads the next block (one reads at a time), checks
 * it, and waits for its turn to report: so lines are numbered and findings written in order, and no
 * more is in memory than a block for each thread.
 */
#include "validate/team.h"

#include <pthread.h>
#include <stdlib.h>

#include "diag.h"

#define TEAM_READ_BYTES (512 * 1024)

struct team {
	pthread_mutex_t lock; /* over all of this */
	pthread_cond_t reported;
	struct check *check;
	struct chat_lines *input;
	struct chat_err *err;
	int result; /* of reading; once it is 0 or less, nobody reads on */
	uint64_t blocks; /* read */
	uint64_t turn; /* the block that is to be reported next */
};

/* One member of the team. The lock is held at its ends, and while it reads or reports. */
static void
work(struct team *team)
{
	struct report part = {
		.format = team->check->report->format,
		.quiet = team->check->report->quiet,
		.max_shown = team->check->report->max_shown,
	};
	struct block block = {0};

	while (team->result > 0) {
		uint64_t mine = team->blocks;

		team->result = check_next_block(team->check, team->input, true, &block, team->err);
		if (team->result <= 0)
			break;
		team->blocks++;
		pthread_mutex_unlock(&team->lock);
		check_block(team->check, &part, &block);
		pthread_mutex_lock(&team->lock);
		while (team->turn != mine)
			pthread_cond_wait(&team->reported, &team->lock);
		report_add(team->check->report, &part);
		team->turn++;
		pthread_cond_broadcast(&team->reported);
	}
	report_part_free(&part);
	chat_buf_free(&block.bytes);
}

static void *
member(void *arg)
{
	struct team *team = arg;

	pthread_mutex_lock(&team->lock);
	work(team);
	pthread_mutex_unlock(&team->lock);
	return NULL;
}

int
team_check(struct check *check, struct chat_lines *input, struct chat_err *err)
{
	struct team team = {.check = check, .input = input, .err = err, .result = 1};
	pthread_t *members = chat_alloc(check->threads * sizeof(*members));

	if (check->read_bytes == 0)
		input->read_bytes = TEAM_READ_BYTES;
	pthread_mutex_init(&team.lock, NULL);
	pthread_cond_init(&team.reported, NULL);
	for (unsigned i = 1; i < check->threads; i++)
		if (pthread_create(&members[i], NULL, member, &team) != 0)
			chat_die(CHAT_EXIT_INTERNAL, "cannot start a thread");
	member(&team);
	for (unsigned i = 1; i < check->threads; i++)
		pthread_join(members[i], NULL);
	pthread_cond_destroy(&team.reported);
	pthread_mutex_destroy(&team.lock);
	free(members);
	return team.result;
}
