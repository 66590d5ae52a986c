/* Members of whom a message was given up are refused for a moment, and then no longer. */
#include "serve/cluster/refused.h"

#include "tap.h"

int
main(void)
{
	struct refused refused = {0};

	ok(!refused_has(&refused, 1, 0), "nobody is refused at first");
	refused_add(&refused, 1, 100);
	refused_add(&refused, 0, 100);
	ok(refused_has(&refused, 1, 100), "a member of whom a message was given up is refused");
	ok(refused_memory(&refused) > 0, "its memory is counted");
	ok(!refused_has(&refused, 2, 100), "another one is not");
	ok(!refused_has(&refused, 0, 100), "and neither is who is no member");
	refused_add(&refused, 2, 200);
	refused_add(&refused, 1, 300);
	ok(refused_has(&refused, 1, 99 + REFUSED_MS), "until its time is over");
	ok(!refused_has(&refused, 1, 100 + REFUSED_MS), "which more refusals do not prolong");
	ok(refused_has(&refused, 2, 199 + REFUSED_MS), "each has its own time");
	refused_add(&refused, 1, 1000 + REFUSED_MS);
	ok(!refused_has(&refused, 2, 1000 + REFUSED_MS), "all of it ends");
	ok(refused_has(&refused, 1, 1000 + REFUSED_MS), "and may begin again");
	refused_free(&refused);
	ok(!refused_has(&refused, 1, 1000 + REFUSED_MS), "nothing is left");
	is_int(refused_memory(&refused), 0, "and no memory");
	return done();
}
