/* Values as Java's toString prints them: AWS shows them so in messages, and States.Format puts them so into texts. */
#ifndef PAWL_ASL_JAVA_TEXT_H
#define PAWL_ASL_JAVA_TEXT_H

#include "asl/value.h"

/* Strings bare, null as `null`, numbers as written, arrays `[1, a]`, objects `{a=1, b=[]}`. STATUS_LIMIT_EXCEEDED for what
 * is nested deeper than JSON_DEPTH_MAX. */
MUST_CHECK enum status java_text_write(struct buffer *buffer, const struct value *value);

/* The name of the class that Jackson makes of the value ("java.lang.String"; "null" for null). Static storage. */
const char *java_text_class(const struct value *value);

#endif
