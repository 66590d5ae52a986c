/*
 * Eviction over the limit: the largest owner loses its largest connection, one at a time. An owner
 * of many connections does not make another owner the largest.
 */
#include "serve/net/evict.h"

#include <stdlib.h>

#include "serve/net/conn.h"
#include "slope.h"
#include "tap.h"
#include "text/buf.h"

#define OWNERS 5

/* A connection that holds something; conn first. */
struct slot {
	struct conn conn;
	size_t bytes;
	size_t owner; /* 0: nobody */
};

struct world {
	struct conns conns;
	struct slot *at;
	size_t count, total, limit;
	size_t ended;
	bool in_order; /* each that went was its owner's largest, and its owner among the largest */
};

static char owners[OWNERS];

static const void *
owner_of(const struct conn *conn)
{
	size_t owner = ((const struct slot *)conn)->owner;

	return owner ? &owners[owner] : NULL;
}

static const struct conn_events events = {.owner = owner_of};

static size_t
world_holds(const struct conn *conn)
{
	return ((const struct slot *)conn)->bytes;
}

static struct world *
world_of(const struct conns *conns)
{
	return (struct world *)conns;
}

static bool
world_fits(const struct conns *conns)
{
	return world_of(conns)->total <= world_of(conns)->limit;
}

/*
 * Returns the bytes of all connections of an owner, or those of the connection itself if it has
 * none.
 */
static size_t
amount_of(const struct world *world, const struct slot *slot)
{
	size_t sum = 0;

	for (size_t i = 0; slot->owner && i < world->count; i++)
		sum += world->at[i].owner == slot->owner ? world->at[i].bytes : 0;
	return slot->owner ? sum : slot->bytes;
}

static bool
is_next(const struct world *world, const struct slot *slot)
{
	size_t amount = amount_of(world, slot);

	for (size_t i = 0; i < world->count; i++) {
		const struct slot *other = &world->at[i];

		if (other->owner && other->owner == slot->owner && other->bytes > slot->bytes)
			return false;
		if (amount_of(world, other) > 2 * amount)
			return false;
	}
	return true;
}

static void
world_ends(struct conn *conn)
{
	struct world *world = world_of(conn->conns);
	struct slot *slot = (struct slot *)conn;

	if (world->count < 1000)
		world->in_order = world->in_order && is_next(world, slot);
	world->total -= slot->bytes;
	slot->bytes = 0;
	world->ended++;
}

static const struct eviction eviction = {world_holds, world_fits, world_ends};

static struct world *
world_new(size_t count, size_t most_bytes, size_t owner_count)
{
	struct world *world = chat_alloc_zeroed(1, sizeof(*world));

	world->conns.events = &events;
	world->conns.count = world->count = count;
	world->at = chat_alloc_zeroed(count, sizeof(*world->at));
	world->in_order = true;
	for (size_t i = 0; i < count; i++) {
		struct slot *slot = &world->at[i];

		slot->conn.conns = &world->conns;
		slot->conn.next = world->conns.all;
		world->conns.all = &slot->conn;
		slot->bytes = (size_t)rand() % (most_bytes + 1);
		slot->owner = (size_t)rand() % owner_count;
		world->total += slot->bytes;
	}
	return world;
}

static void
world_free(struct world *world)
{
	free(world->at);
	free(world);
}

static void
test_order(void)
{
	bool order = true, fit = true, spared = true;

	for (int i = 0; i < 300; i++) {
		size_t most = i % 3 ? 1000 : 3;
		struct world *world = world_new(1 + (size_t)rand() % 60, most, OWNERS);

		world->limit = world->total * (size_t)(rand() % 100) / 100;
		evict_largest(&world->conns, &eviction);
		order = order && world->in_order;
		fit = fit && world_fits(&world->conns);
		spared = spared && world->total + most >= world->limit;
		world_free(world);
	}
	ok(order, "who goes is the largest of its owner, and no owner has twice as much");
	ok(fit, "until it fits");
	ok(spared, "and no longer");
}

/* Four hundred with a little each, of one owner, and one with more than any of them. */
static void
test_many_small(void)
{
	struct world *world = world_new(401, 0, 1);

	for (size_t i = 0; i < 401; i++) {
		world->at[i].bytes = i ? 1000 : 100000;
		world->at[i].owner = i ? 1 : 0;
		world->total += world->at[i].bytes;
	}
	world->limit = 300000;
	evict_largest(&world->conns, &eviction);
	is_int(world->ended, 200, "of many small ones of one owner as many go as have to");
	is_int(world->at[0].bytes, 100000, "and not the large one of another");
	world_free(world);
}

/* Half of so many go. */
static double
work_shrink(unsigned count)
{
	struct world *world = world_new(count, 10000, OWNERS);
	double began;

	world->limit = world->total / 2;
	began = cpu_s();
	evict_largest(&world->conns, &eviction);
	began = cpu_s() - began;
	world_free(world);
	return began;
}

int
main(void)
{
	srand(1);
	test_order();
	test_many_small();
	is_linear(work_shrink, 10000,
		"ten times as many are chosen from in about ten times the time");
	return done();
}
