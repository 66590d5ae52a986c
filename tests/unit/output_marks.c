/* Marks against a plain list of them, whatever is put and taken in between. */
#include "listen/output_marks.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define ROUNDS 20000

struct want {
	uint64_t end;
	size_t feed;
	unsigned id;
};

struct model {
	struct want at[ROUNDS];
	size_t first, count;
};

static void
put(struct output_marks *marks, struct model *model, uint64_t end, size_t feed, unsigned id)
{
	struct want *last = model->count > model->first ? &model->at[model->count - 1] : NULL;
	char text[200];

	snprintf(text, sizeof(text), "%0*u", 1 + (int)(id % 150), id);
	output_marks_put(marks, &(struct mark){end, feed, text});
	if (!last || last->end != end || last->feed != feed)
		last = &model->at[model->count++];
	*last = (struct want){end, feed, id};
}

/* Returns true when marks has exactly what the list has up to this place. */
static bool
take(struct output_marks *marks, struct model *model, uint64_t written)
{
	struct mark mark;

	for (; model->first < model->count && model->at[model->first].end <= written;
		model->first++) {
		const struct want *want = &model->at[model->first];

		if (!output_marks_take(marks, written, &mark) || mark.end != want->end ||
			mark.feed != want->feed || strtoul(mark.id, NULL, 10) != want->id)
			return false;
	}
	return !output_marks_take(marks, written, &mark);
}

int
main(void)
{
	struct model *model = calloc(1, sizeof(*model));
	struct output_marks marks = {0};
	struct mark mark;
	bool right = true;
	uint64_t end = 0;

	ok(!output_marks_take(&marks, UINT64_MAX, &mark), "at first there is none");
	srand(1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		end += (uint64_t)(rand() % 3) * 50;
		put(&marks, model, end, (size_t)(rand() % 5 == 0), i);
		if (rand() % 4 == 0)
			right &= take(&marks, model, end - (uint64_t)(rand() % 2000));
	}
	ok(right, "what is written is told, each in its order, what is not stays");
	ok(take(&marks, model, end), "and in the end all of it");
	ok(marks.bytes.cap < 100000, "what was taken needs no memory");
	output_marks_free(&marks);
	free(model);
	return done();
}
