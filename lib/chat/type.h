#ifndef CHAT_TYPE_H
#define CHAT_TYPE_H

#include "chat/span.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The words of the protocol: the types of messages, who may send them, and their properties. Later
 * versions may add types and slots before the last one of each enum.
 */
enum chat_type {
	CHAT_TYPE_INIT,
	CHAT_TYPE_TEXT,
	CHAT_TYPE_FILE,
	CHAT_TYPE_MESSAGE,
	CHAT_TYPE_ERROR,
	CHAT_TYPE_USER_DATA,
	CHAT_TYPE_USER_STATUS,
	CHAT_TYPE_HISTORY,
	CHAT_TYPES,
	CHAT_TYPE_UNKNOWN = 255
};

enum chat_direction {
	CHAT_FROM_CLIENT = 1,
	CHAT_FROM_SERVER = 2,
	CHAT_FROM_ANY = 3,
	/*
	 * Input of chat-send: a text or file of a client, with or without `type`. An object without
	 * `type` is a text if it has `text`, else a file if it has `file`.
	 */
	CHAT_FROM_INPUT = 4
};

/*
 * The index of a property's value in struct chat_msg. Properties with the same path have the same
 * slot in all messages.
 */
enum chat_slot {
	CHAT_SLOT_TYPE,
	CHAT_SLOT_ID,
	CHAT_SLOT_USERNAME,
	CHAT_SLOT_TEXT,
	CHAT_SLOT_FILE,
	CHAT_SLOT_FILE_NAME,
	CHAT_SLOT_FILE_TYPE,
	CHAT_SLOT_FILE_SIZE,
	CHAT_SLOT_FILE_DATA,
	CHAT_SLOT_SENDER,
	CHAT_SLOT_CONTENT,
	CHAT_SLOT_TIMESTAMP,
	CHAT_SLOT_CODE,
	CHAT_SLOT_MESSAGE,
	CHAT_SLOT_USERS,
	CHAT_SLOT_USER_ID,
	CHAT_SLOT_ONLINE,
	CHAT_SLOT_MESSAGES,
	/* additions */
	CHAT_SLOT_TOKEN,
	CHAT_SLOT_SINCE,
	CHAT_SLOT_SINCE_TIME,
	CHAT_SLOT_PRESENCE,
	CHAT_SLOT_NONCE,
	CHAT_SLOT_REPLY_TO,
	CHAT_SLOT_VIA,
	CHAT_SLOT_HOPS,
	CHAT_SLOT_CHANNEL,
	CHAT_SLOT_URL,
	CHAT_SLOT_SENDER_ID,
	CHAT_SLOT_FILE_OMITTED,
	CHAT_SLOT_FILE_SHA256,
	CHAT_SLOT_COMPLETE,
	CHAT_SLOT_MORE,
	CHAT_SLOT_SERVER,
	CHAT_SLOT_TRUNCATED,
	CHAT_SLOT_TOTAL,
	CHAT_SLOT_FIELD,
	CHAT_SLOT_RETRY_AFTER,
	CHAT_SLOT_FATAL,
	CHAT_SLOTS
};

/* Returns the word of a type, such as "userData"; "unknown" if it is no type. It is static. */
const char *chat_type_word(enum chat_type type);

/* Returns the type with this word, or CHAT_TYPE_UNKNOWN. */
enum chat_type chat_type_find(struct chat_span word);

#ifdef __cplusplus
}
#endif

#endif
