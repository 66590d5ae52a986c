#ifndef SERVE_CHANNEL_PUBLISH_H
#define SERVE_CHANNEL_PUBLISH_H

/*
 * Ends a tick. Seals the blocks of this tick, and publishes every block that is durable
 * (channels->durable): sends it to the live members of its channel, adds its messages to the
 * history, and passes its frames to the watcher.
 */
struct channels;

void channels_publish(struct channels *channels);

#endif
