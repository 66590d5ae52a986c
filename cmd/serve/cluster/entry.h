#ifndef SERVE_CLUSTER_ENTRY_H
#define SERVE_CLUSTER_ENTRY_H

#include "serve/cluster/shared_log.h"

/*
 * Applies an entry of the stream to its channel. arg: a struct cluster. Lines that no server of the
 * cluster can have written are reported and left out.
 */
void cluster_apply(void *arg, const struct shared_log_entry *entry);

#endif
