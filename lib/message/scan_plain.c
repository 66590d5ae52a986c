/*
 * The scanner for any processor: vectors of eight bytes, which every compiler can spell out.
 */
#include "message/scan_body.h"
