#ifndef SIMULATION_DISK_H
#define SIMULATION_DISK_H

struct file;

/* The file of the disk once more, as open(2) of /proc/self/fd/N. */
struct file *disk_open_again(struct file *file, int flags);

#endif
