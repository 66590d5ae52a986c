/*
 * The scanner for any processor: vectors of eight bytes, which every compiler can spell out.
 */
#include "scan_body.h"
