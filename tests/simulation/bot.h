#ifndef SIMULATION_BOT_H
#define SIMULATION_BOT_H

#include <stdbool.h>

/*
 * The command of chat-listen --exec: bot CALM_MS DIES HOW SLOW_MS. It reads messages and answers
 * some with their id. Until the time CALM_MS it ends at DIES of a thousand messages, by the exit
 * status HOW or the signal that is HOW less 128, and waits for up to SLOW_MS milliseconds at each.
 */
int bot_main(int argc, char **argv);

/* The process that a bot leaves behind in its group: it ends by SIGTERM, or does not. */
int lingerer_main(int argc, char **argv);

/* Returns true if a bot answers a message of this id and content. */
bool bot_answers(const char *id, const char *content);

#endif
