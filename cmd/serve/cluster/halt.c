/* The end of a cluster that cannot go on. */
#include "serve/cluster/halt.h"

#include "serve/cluster/state.h"

void
cluster_halt(struct cluster *cluster)
{
	cluster->state = CLUSTER_FAILED;
	cluster->proposals.halted = true;
}

void
cluster_fail(struct cluster *cluster, const struct chat_err *err)
{
	cluster_halt(cluster);
	cluster->events->failed(cluster->arg, err);
}
