/*
 * The scanner for any processor, with eight bytes in a word.
 */
#include "message/scan_body.h"
