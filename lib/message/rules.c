/*
 * The table of the eight messages, the only definition of their properties: msg.c and scan.c check
 * by it, schema.c prints it, and the server and the clients use its slots.
 */
#include "message/rules.h"

/* One property on each line: name, slot, kind, then other fields of its rule. */
#define FIELD(word, in, of, ...) \
	{ \
		.name = {word, sizeof(word) - 1}, .slot = CHAT_SLOT_##in, .kind = CHAT_RULE_##of, \
		__VA_ARGS__ \
	}
#define REQUIRED(word, in, of, ...) FIELD(word, in, of, .required = true, __VA_ARGS__)
#define OPTIONAL(word, in, of, ...) FIELD(word, in, of, .required = false, __VA_ARGS__)
#define ADDITION(word, in, of, ...) FIELD(word, in, of, .addition = true, __VA_ARGS__)
#define TYPE(which) \
	REQUIRED("type", TYPE, STRING, .format = CHAT_FORMAT_WORD, .word = which, \
		.about = "which message this is")
#define SHAPE(of) \
	{ \
		of, sizeof(of) / sizeof(of[0]) \
	}

static const struct chat_rule init_rules[] = {
	TYPE("init"),
	REQUIRED("username", USERNAME, STRING, .format = CHAT_FORMAT_USERNAME, .min = 3, .max = 20,
		.about = "the name that others see"),
	REQUIRED("id", ID, STRING, .format = CHAT_FORMAT_ID, .about = "identifies the user"),
	ADDITION("token", TOKEN, STRING, .about = "a credential, where the server asks for one"),
	ADDITION("since", SINCE, STRING, .about = "the id of the last message seen, `0` for none"),
	ADDITION("sinceTime", SINCE_TIME, INTEGER,
		.about = "with `since` `0`: what is older, in Unix milliseconds, need not come"),
	ADDITION("presence", PRESENCE, STRING, .format = CHAT_FORMAT_WORD, .word = "hidden",
		.about = "not listed, not announced"),
};

#define NONCE(meaning) ADDITION("nonce", NONCE, STRING, .min = 1, .max = 64, .about = meaning)
#define REPLY_TO ADDITION("replyTo", REPLY_TO, STRING, .about = "the id of the message answered")
#define VIA \
	ADDITION("via", VIA, WORDS, .max = CHAT_VIA_MOST, \
		.about = "the channels that it was carried through, at most 8")
#define HOPS \
	ADDITION("hops", HOPS, INTEGER, .has_min = true, .max = CHAT_HOPS_MOST, \
		.about = "how many programs led to it, at most 1,000")

static const struct chat_rule text_rules[] = {
	TYPE("text"),
	REQUIRED("text", TEXT, STRING, .min = 1, .max = 1000, .about = "what is said"),
	NONCE("chosen by the sender, so that a retry makes no second message"),
	REPLY_TO,
	VIA,
	HOPS,
};

#define FILE_NAME REQUIRED("name", FILE_NAME, STRING, .about = "the name of the file")
#define FILE_TYPE REQUIRED("type", FILE_TYPE, STRING, .about = "its media type")
#define FILE_SIZE \
	REQUIRED("size", FILE_SIZE, INTEGER, .min = 1, .has_min = true, \
		.about = "its size in bytes")

static const struct chat_rule file_body_rules[] = {
	FILE_NAME,
	FILE_TYPE,
	FILE_SIZE,
	REQUIRED("data", FILE_DATA, STRING, .format = CHAT_FORMAT_BASE64,
		.about = "its bytes in base64"),
};
static const struct chat_shape file_body = SHAPE(file_body_rules);

static const struct chat_rule file_rules[] = {
	TYPE("file"),
	REQUIRED("file", FILE, OBJECT, .shape = &file_body, .about = "the file"),
	NONCE("chosen by the sender, so that a retry makes no second message"),
	REPLY_TO,
	VIA,
	HOPS,
};

static const struct chat_rule shared_file_rules[] = {
	FILE_NAME,
	FILE_TYPE,
	FILE_SIZE,
	REQUIRED("data", FILE_DATA, STRING, .format = CHAT_FORMAT_BASE64, .unless = "omitted",
		.about = "its bytes in base64"),
	ADDITION("omitted", FILE_OMITTED, BOOLEAN, .about = "the data was left out"),
	ADDITION("sha256", FILE_SHA256, STRING, .min = 64, .max = 64,
		.about = "of the data that was left out, in hexadecimal digits"),
};
static const struct chat_shape shared_file = SHAPE(shared_file_rules);

/* The properties that a line has in a log of several channels or servers. */
#define LOGGED_CHANNEL ADDITION("channel", CHANNEL, STRING, .about = "in a log: the channel")
#define LOGGED_URL ADDITION("url", URL, STRING, .about = "in a log: the URL of the channel")

static const struct chat_rule message_rules[] = {
	TYPE("message"),
	REQUIRED("id", ID, STRING, .about = "identifies the message"),
	REQUIRED("sender", SENDER, STRING, .about = "the sender's username"),
	REQUIRED("content", CONTENT, STRING, .about = "what was said, or the name of the file"),
	REQUIRED("timestamp", TIMESTAMP, INTEGER, .about = "Unix time in milliseconds"),
	ADDITION("channel", CHANNEL, STRING, .about = "where it was said"),
	ADDITION("senderId", SENDER_ID, STRING, .about = "the sender's id"),
	NONCE("as the sender chose it"),
	REPLY_TO,
	VIA,
	HOPS,
	ADDITION("file", FILE, OBJECT, .shape = &shared_file, .about = "the file that was sent"),
	LOGGED_URL,
};

static const struct chat_rule error_rules[] = {
	TYPE("error"),
	REQUIRED("code", CODE, STRING, .about = "a word for programs"),
	REQUIRED("message", MESSAGE, STRING, .about = "a sentence for people"),
	NONCE("of the message that it is about"),
	ADDITION("field", FIELD, STRING, .about = "JSON Pointer to the property meant"),
	ADDITION("retryAfter", RETRY_AFTER, INTEGER, .about = "milliseconds to wait"),
	ADDITION("fatal", FATAL, BOOLEAN, .about = "whether a close follows"),
	LOGGED_CHANNEL,
	LOGGED_URL,
};

static const struct chat_rule user_rules[] = {
	REQUIRED("id", ID, STRING, .about = "the user's id"),
	REQUIRED("username", USERNAME, STRING, .about = "the user's name"),
	REQUIRED("online", ONLINE, BOOLEAN, .about = "whether the user is connected"),
	OPTIONAL("lastActive", NONE, INTEGER, .about = "Unix time in milliseconds"),
};
static const struct chat_shape user = SHAPE(user_rules);

static const struct chat_rule user_data_rules[] = {
	TYPE("userData"),
	REQUIRED("users", USERS, ARRAY, .shape = &user, .about = "the users of the channel"),
	ADDITION("server", SERVER, OBJECT, .about = "what the server is and can do"),
	ADDITION("truncated", TRUNCATED, BOOLEAN, .about = "whether there are more users"),
	ADDITION("total", TOTAL, INTEGER, .about = "how many users there are"),
	LOGGED_CHANNEL,
	LOGGED_URL,
};

static const struct chat_rule user_status_rules[] = {
	TYPE("userStatus"),
	REQUIRED("userId", USER_ID, STRING, .about = "the user's id"),
	REQUIRED("username", USERNAME, STRING, .about = "the user's name"),
	REQUIRED("online", ONLINE, BOOLEAN, .about = "whether the user came or went"),
	ADDITION("channel", CHANNEL, STRING, .about = "where"),
	LOGGED_URL,
};

static const struct chat_rule history_rules[] = {
	TYPE("history"),
	REQUIRED("messages", MESSAGES, ARRAY, .shape = &chat_rules[CHAT_TYPE_MESSAGE].shape,
		.about = "oldest first"),
	ADDITION("complete", COMPLETE, BOOLEAN,
		.about = "false: messages after `since` are missing"),
	ADDITION("more", MORE, BOOLEAN, .about = "true: another one follows, before anything live"),
	LOGGED_CHANNEL,
	LOGGED_URL,
};

#define MESSAGE(of, which, side, rules, meaning) \
	[CHAT_TYPE_##of] = {CHAT_TYPE_##of, which, CHAT_FROM_##side, meaning, SHAPE(rules)}

const struct chat_rules_type chat_rules[CHAT_TYPES] = {
	MESSAGE(INIT, "init", CLIENT, init_rules, "the first message of a connection"),
	MESSAGE(TEXT, "text", CLIENT, text_rules, "says something"),
	MESSAGE(FILE, "file", CLIENT, file_rules, "shares a file"),
	MESSAGE(MESSAGE, "message", SERVER, message_rules, "what somebody said"),
	MESSAGE(ERROR, "error", SERVER, error_rules, "why something did not happen"),
	MESSAGE(USER_DATA, "userData", SERVER, user_data_rules, "who is there"),
	MESSAGE(USER_STATUS, "userStatus", SERVER, user_status_rules, "somebody came or went"),
	MESSAGE(HISTORY, "history", SERVER, history_rules, "what was said before"),
};

const struct chat_rule *
chat_shape_find(const struct chat_shape *shape, struct chat_span name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (chat_span_equal(shape->rules[i].name, name))
			return &shape->rules[i];
	return NULL;
}

enum chat_type
chat_type_find(struct chat_span word)
{
	for (int type = 0; type < CHAT_TYPES; type++)
		if (chat_span_equal(chat_span_of(chat_rules[type].word), word))
			return (enum chat_type)type;
	return CHAT_TYPE_UNKNOWN;
}

const char *
chat_type_word(enum chat_type type)
{
	return (unsigned)type < CHAT_TYPES ? chat_rules[type].word : "unknown";
}
