#ifndef CHAT_TEXT_ASCII_H
#define CHAT_TEXT_ASCII_H

#include <stdbool.h>

/*
 * Classes of ASCII characters. Unlike isdigit(3) and isalnum(3) they do not depend on the locale.
 */
static inline bool
chat_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns true for an ASCII letter or digit. */
static inline bool
chat_is_alnum(char c)
{
	return chat_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#endif
