/* The marks that tell when the cursor may move: after the output is written. */
#include "listen/output_marks.h"

#include <string.h>

struct mark_head {
	uint64_t end;
	size_t feed;
	size_t id_size; /* with its NUL */
};

void
output_marks_free(struct output_marks *marks)
{
	chat_buf_free(&marks->bytes);
	*marks = (struct output_marks){0};
}

static bool
output_marks_is_empty(const struct output_marks *marks)
{
	return marks->start == marks->bytes.len;
}

static struct mark_head
head_at(const struct output_marks *marks, size_t at)
{
	struct mark_head head;

	memcpy(&head, marks->bytes.at + at, sizeof(head));
	return head;
}

/*
 * Removes the marks that were taken. Moves the rest only if it is not the larger part, so that each
 * byte is moved about once.
 */
static void
drop_taken(struct output_marks *marks)
{
	size_t left = marks->bytes.len - marks->start;

	if (marks->start == 0 || marks->start < left)
		return;
	chat_buf_drop(&marks->bytes, marks->start);
	marks->start = 0;
}

void
output_marks_put(struct output_marks *marks, const struct mark *mark)
{
	struct mark_head head = {mark->end, mark->feed, strlen(mark->id) + 1};

	if (!output_marks_is_empty(marks)) {
		struct mark_head last = head_at(marks, marks->last);

		if (last.end == mark->end && last.feed == mark->feed)
			marks->bytes.len = marks->last;
	}
	drop_taken(marks);
	marks->last = marks->bytes.len;
	chat_buf_append(&marks->bytes, &head, sizeof(head));
	chat_buf_append(&marks->bytes, mark->id, head.id_size);
}

bool
output_marks_take(struct output_marks *marks, uint64_t written, struct mark *mark)
{
	struct mark_head head;

	if (output_marks_is_empty(marks))
		return false;
	head = head_at(marks, marks->start);
	if (head.end > written)
		return false;
	*mark = (struct mark){head.end, head.feed, marks->bytes.at + marks->start + sizeof(head)};
	marks->start += sizeof(head) + head.id_size;
	return true;
}
