/* The file `epoch`: what was written is read again, and nothing else is believed. */
#include "serve/journal/epoch_file.h"

#include "journal.h"
#include "tap.h"

int
main(void)
{
	struct scratch scratch;
	struct chat_buf written = {0};
	int dir_fd, believed = 0;

	scratch_open(&scratch);
	dir_fd = open(scratch.dir, O_RDONLY | O_DIRECTORY);
	is_int(epoch_file_read(dir_fd), 0, "there is none");
	is_int(epoch_file_write(dir_fd, 0x19b76daa800, NULL), 0, "it is written");
	is_int(epoch_file_read(dir_fd), 0x19b76daa800, "and read");
	is_int(epoch_file_write(dir_fd, 0x19b76daa801, NULL), 0, "it is replaced");
	is_int(epoch_file_read(dir_fd), 0x19b76daa801, "by a later one");
	load(&scratch, "epoch", &written);
	is_int(written.len, 22, "it is one line");
	for (size_t bit = 0; bit < 8 * written.len; bit++) {
		written.at[bit / 8] ^= (char)(1 << bit % 8);
		store(&scratch, "epoch", written.at, written.len);
		believed += epoch_file_read(dir_fd) != 0;
		written.at[bit / 8] ^= (char)(1 << bit % 8);
	}
	is_int(believed, 0, "with one bit changed it is not believed");
	for (size_t len = 0; len < written.len; len++) {
		store(&scratch, "epoch", written.at, len);
		believed += epoch_file_read(dir_fd) != 0;
	}
	is_int(believed, 0, "nor if its end is missing");
	chat_buf_free(&written);
	close(dir_fd);
	scratch_close(&scratch);
	return done();
}
