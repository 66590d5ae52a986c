#ifndef SERVE_MONITOR_METRICS_H
#define SERVE_MONITOR_METRICS_H

#include "serve/monitor/sources.h"
#include "text/buf.h"

/* Appends the metrics in the Prometheus text format, version 0.0.4. */
void metrics_write_prometheus(struct chat_buf *out, const struct monitor_sources *sources);

/* Appends them as a line of JSON, with its newline. */
void metrics_write_json(struct chat_buf *out, const struct monitor_sources *sources);

#endif
