/*
 * The promises that must hold in a run: a list of messages, as the server printed them and as
 * everybody heard them, one order for all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/causes.h"
#include "simulation/lines.h"
#include "simulation/model_private.h"

/* ---- receipts ---- */

static struct known *
find_content(struct model *model, const char *content)
{
	for (size_t i = 0; i < model->count; i++)
		if (strcmp(model->known[i].content, content) == 0)
			return &model->known[i];
	return NULL;
}

static void
check_accepted(struct model *model, const struct known *receipt, const char *text)
{
	bool may_be_gone = walls_remove(&model->run->plan->walls) ||
		plan_forgets_entries(model->run->plan) || plan_loses_entries(model->run->plan);
	size_t at;

	if (may_be_gone && model_find_epoch(model, receipt->id, strcspn(receipt->id, "-")) < 0)
		return; /* nothing is left of that time */
	at = model_find(model, model_order(model, receipt->id));
	if (strcmp(receipt->content, text) != 0)
		run_fail(model->run, "the receipt of \"%.40s\" has \"%.40s\"", text,
			receipt->content);
	else if (at < model->count && strcmp(model->known[at].id, receipt->id) == 0)
		model->known[at].acknowledged = true;
	else if (!may_be_gone)
		run_fail(model->run, "%s \"%.40s\" was acknowledged, and nobody has it",
			receipt->id, text);
}

/* A message that was refused because a sync failed is cut off again. If no sync of that succeeds
 * before the power is lost, it may be there. */
static bool
may_come_back(const struct plan *plan)
{
	return plan_has(plan, ACTION_LOSE_POWER) && plan->faults.sync_error;
}

/* Its sender may have posted it to another server of the cluster before, which stores it later. */
static bool
may_be_elsewhere(const struct plan *plan)
{
	return plan->is_cluster &&
		(plan_disk_fails(plan) || plan_has(plan, ACTION_LOSE_POWER) ||
			plan_has(plan, ACTION_KILL_SERVER) || plan_has(plan, ACTION_RESET) ||
			plan_has(plan, ACTION_HOLD) || plan->faults.delay);
}

static void
check_receipts(struct model *model, unsigned number, unsigned i)
{
	struct run *run = model->run;
	const struct started *started = &run->speaker[number].started[i];
	struct chat_span rest, line;
	char path[64], text[TEXT_MOST + 1];
	unsigned count = 0;
	bool refused = false;

	run_path(path, sizeof(path), "receipts", number, i);
	rest.at = disk_bytes(path, &rest.len);
	for (; rest.at && line_next(&rest, &line); count++) {
		struct known receipt, *known;

		run_text(run, text, number, started->first + count);
		if (model_read(line, &receipt)) {
			check_accepted(model, &receipt, text);
			continue;
		}
		refused = true;
		known = find_content(model, text);
		if (known && !known->optional && !may_come_back(run->plan) &&
			!may_be_elsewhere(run->plan) &&
			memmem(line.at, line.len, "\"type\":\"error\"", 14))
			run_fail(run, "\"%.40s\" was refused, and is there as %s", text, known->id);
	}
	if (count > started->lines)
		run_fail(run, "speaker %u printed %u receipts for %u lines", number, count,
			started->lines);
	if (started->killed)
		return;
	if (count != started->lines && process_status(started->process) == 0)
		run_fail(run, "speaker %u printed %u receipts for %u lines", number, count,
			started->lines);
	if ((process_status(started->process) == 0) == refused)
		run_fail(run, "speaker %u ended with %d, and %s", number,
			process_status(started->process),
			refused ? "not everything was accepted" : "everything was accepted");
}

/* ---- the whole ---- */

static int
compare_content(const void *a, const void *b)
{
	const struct known *const *left = a, *const *right = b;

	return strcmp((*left)->content, (*right)->content);
}

/* No text is there twice, unless the first one was lost. */
static void
check_once(struct model *model)
{
	const struct known **sorted = calloc(model->count + 1, sizeof(const struct known *));

	if (!sorted)
		abort();
	for (size_t i = 0; i < model->count; i++)
		sorted[i] = &model->known[i];
	qsort(sorted, model->count, sizeof(*sorted), compare_content);
	for (size_t i = 1; i < model->count; i++)
		if (strcmp(sorted[i - 1]->content, sorted[i]->content) == 0 &&
			sorted[i]->content[0] == 's' && !sorted[i - 1]->optional &&
			!sorted[i]->optional)
			run_fail(model->run, "\"%.40s\" is there twice: %s and %s",
				sorted[i]->content, sorted[i - 1]->id, sorted[i]->id);
	free(sorted);
}

static void
check_kept(struct model *model)
{
	for (unsigned i = 0; i < CHANNELS; i++)
		model_excuse_removed(model, i); /* also what the server had no time to print */
	for (size_t i = 0; i < model->count; i++) {
		const struct known *known = &model->known[i];

		if (known->acknowledged && !known->optional && !known->kept)
			run_fail(model->run, "%s \"%.40s\" was acknowledged, and is gone",
				known->id, known->content);
	}
}

/* If a wall removes messages, a listener may have heard all that is left of an epoch. */
static void
take_heard_epochs(struct model *model, unsigned number)
{
	struct actor *actor = &model->run->listener[number];
	const char *text;
	char path[64];
	size_t len;

	for (unsigned i = 0; i < actor->count; i++) {
		run_path(path, sizeof(path), "heard", number, i);
		text = run_output(model->run, actor, path, &len);
		model_take_epochs(model, text, len);
	}
}

/* In the order of what the server printed, and of what was kept. */
static void
take_all_epochs(struct model *model)
{
	const struct run *run = model->run;
	const char *text;
	char path[64];
	size_t len;

	for (unsigned node = 0; node < plan_nodes(run->plan); node++)
		for (unsigned i = 0; i < (run->plan->is_cluster ? run->server[node].count : 1);
			i++) {
			run_server_path(run, path, sizeof(path), node, i);
			text = disk_bytes(path, &len);
			model_take_epochs(model, text, len);
		}
	for (unsigned i = 0; i < CHANNELS * plan_nodes(run->plan); i++) {
		run_final_path(path, sizeof(path), i / CHANNELS, i % CHANNELS);
		text = disk_bytes(path, &len);
		model_take_epochs(model, text, len);
	}
	for (unsigned i = 0; i < LISTENERS_MOST; i++)
		take_heard_epochs(model, i);
}

void
model_check(struct run *run)
{
	struct model model = {.run = run};

	take_all_epochs(&model);
	model_take_server(&model);
	if (run->plan->is_cluster)
		model_check_nodes(&model);
	for (unsigned i = 0; i < CHANNELS * plan_nodes(run->plan); i++)
		model_check_final(&model, i / CHANNELS, i % CHANNELS);
	for (unsigned i = 0; i < run->plan->listeners; i++)
		model_check_listener(&model, i);
	for (unsigned i = 0; i < run->plan->speakers; i++)
		for (unsigned j = 0; j < run->speaker[i].count; j++)
			check_receipts(&model, i, j);
	world_tally()->messages += model.count;
	check_once(&model);
	causes_check(run);
	check_kept(&model);
	for (size_t i = 0; i < model.count; i++)
		free(model.known[i].content);
	free(model.known);
}
