#ifndef SERVE_MEMORY_H
#define SERVE_MEMORY_H

/*
 * Where there is no memory the process ends (chat_out_of_memory), also where a library asked for
 * it: OpenSSL would crash, cJSON leave a part of a message out. Before the first use of any.
 */
void memory_share(void);

#endif
