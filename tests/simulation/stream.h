#ifndef SIMULATION_STREAM_H
#define SIMULATION_STREAM_H

/* Writes of so many bytes to a pipe are not divided (PIPE_BUF). */
#define PIPE_ATOMIC 4096

struct file;

/* Opens a pipe's writing end once more, as open(2) of /proc/self/fd/N does. NULL: it is
 * another kind of file. */
struct file *stream_open_again(struct file *file, int flags);

#endif
