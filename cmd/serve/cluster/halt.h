#ifndef SERVE_CLUSTER_HALT_H
#define SERVE_CLUSTER_HALT_H

#include "chat/err.h"

struct cluster;

/* Applies nothing more: the journal has lost a message, and would have others that follow it. */
void cluster_halt(struct cluster *cluster);

/* The same, and the server ends with this error. */
void cluster_fail(struct cluster *cluster, const struct chat_err *err);

#endif
