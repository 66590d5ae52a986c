#ifndef SEND_SENDER_PRIVATE_H
#define SEND_SENDER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "send/sender.h"

/* Shared by the files sender_*.c alone. */

/* ---- sender_receive.c ---- */

/* Handles a batch of events of the membership, and reports the messages that they settle. */
void sender_receive(struct sender *sender);

/* ---- sender_end.c ---- */

/* Returns true if no answer of --reply is waited for. */
bool sender_has_answers(const struct sender *sender);

/* Returns true if the input has ended, every message is reported and no answer is waited for. */
bool sender_is_finished(const struct sender *sender);

/*
 * Gives up what is not settled: it becomes unknown or unsent. status is the exit status, unless
 * there is one already; 0: none.
 */
void sender_give_up(struct sender *sender, int status);

/* Gives up when the time of --timeout has passed. */
void sender_check_deadline(struct sender *sender);

/* Takes a signal. The first one ends the input; the second one ends the process at once. */
void sender_take_signal(struct sender *sender);

/*
 * Returns the time from which on a plain server counts as one that does not echo: some seconds
 * after the last message was sent, if no more can be sent and no echo has come. Otherwise
 * INT64_MAX.
 */
int64_t sender_echo_deadline_ms(const struct sender *sender);

/* Closes the connection when all is done, or as the acknowledgement of --ack=close. */
void sender_close_when_done(struct sender *sender);

/*
 * Returns the time to give up because the server has only said "slower" for the time of
 * --retry-for, or INT64_MAX. Returns 0, which means now, if the server asks for a longer pause than
 * that, and no message in flight can still be accepted.
 */
int64_t sender_barred_deadline_ms(const struct sender *sender);
void sender_check_barred(struct sender *sender);

/* Writes the last warnings. Returns the exit status, or the negative number of a signal. */
int sender_status(const struct sender *sender);

#endif
