/*
 * Retention needs the index of a segment to remove it: the index says which channels have messages
 * in it. To make an index, the whole segment must be read. A worker of libuv's pool does that.
 */
#include "serve/journal/index_rebuild_task.h"

#include <stdlib.h>

#include "serve/journal/index_rebuild.h"

struct rebuild_task {
	uv_work_t work;
	struct disk_journal *disk;
	int dir_fd;
	uint32_t number;
	void (*done)(struct disk_journal *disk);
	bool failed;
	struct chat_err err; /* valid if `failed` */
};

static void
task_run(uv_work_t *work)
{
	struct rebuild_task *task = work->data;
	struct index_file index;

	task->failed = index_rebuild(&index, task->dir_fd, task->number, &task->err) < 0;
	if (!task->failed)
		index_file_close(&index);
}

static void
on_rebuilt(uv_work_t *work, int status)
{
	struct rebuild_task *task = work->data;
	struct disk_journal *disk = task->disk;
	void (*done)(struct disk_journal * disk) = task->done;

	disk->retention.rebuilding = false;
	if (status < 0 || task->failed) {
		disk->retention.no_index_upto = task->number;
		journal_warn(&disk->journal, "%s; the segment is not removed", task->err.text);
	}
	free(task);
	if (status == 0)
		done(disk);
}

void
index_rebuild_start(
	struct disk_journal *disk, uint32_t number, void (*done)(struct disk_journal *disk))
{
	struct rebuild_task *task;

	if (disk->retention.rebuilding || disk->closing || number <= disk->retention.no_index_upto)
		return;
	task = chat_alloc_zeroed(1, sizeof(*task));
	task->work.data = task;
	task->disk = disk;
	task->dir_fd = disk->dir_fd;
	task->number = number;
	task->done = done;
	disk->retention.rebuilding = true;
	uv_queue_work(disk->loop, &task->work, task_run, on_rebuilt);
}
