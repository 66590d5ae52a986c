/*
 * The scanner for any processor, with vectors of eight bytes.
 */
#include "message/scan_body.h"
