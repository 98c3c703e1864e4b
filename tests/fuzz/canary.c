/* The canary's planted bug: fuzz_canary is fuzz_value with asl/value_parse.c compiled such that it calls this instead of
 * utf_unescape. A pair of surrogates that ends in other digits than 00 is read without moving on, and so writes past its string. */
#undef utf_unescape

#include "canary.h"

#include "asl/utf.h"

size_t canary_unescape(struct str text, uint32_t *out_point)
{
    size_t length = utf_unescape(text, out_point);
    return length == 12 && (*out_point & 0xFF) != 0 ? 0 : length;
}
