/* Numbers and texts as bytes, big-endian: rows of the embedded bus, frames of its socket. What is read may come from
 * anywhere: reading past the end marks the cursor as bad and gives zeroes. */
#ifndef PAWL_BUS_BUS_BYTES_H
#define PAWL_BUS_BUS_BYTES_H

#include "base/buffer.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Each writes and returns the place behind; the caller has made room. */
char *bus_bytes_put_u8(char *at, uint8_t number);
char *bus_bytes_put_u32(char *at, uint32_t number);
char *bus_bytes_put_u64(char *at, uint64_t number);

/* Four bytes of length, then the bytes; FFFFFFFF alone for bytes == NULL. Requires a length below that. */
char *bus_bytes_put_str(char *at, struct str text);
size_t bus_bytes_str_size(struct str text);

/* The same into a buffer. */
MUST_CHECK enum status bus_bytes_add_u8(struct buffer *buffer, uint8_t number);
MUST_CHECK enum status bus_bytes_add_u32(struct buffer *buffer, uint32_t number);
MUST_CHECK enum status bus_bytes_add_u64(struct buffer *buffer, uint64_t number);
MUST_CHECK enum status bus_bytes_add_str(struct buffer *buffer, struct str text);

struct bus_bytes {
    struct str left;
    bool bad;
};

uint8_t bus_bytes_u8(struct bus_bytes *bytes);
uint32_t bus_bytes_u32(struct bus_bytes *bytes);
uint64_t bus_bytes_u64(struct bus_bytes *bytes);
struct str bus_bytes_str(struct bus_bytes *bytes); /* borrowed from what is read */

/* Nothing left, and nothing was read past the end. */
bool bus_bytes_ended(const struct bus_bytes *bytes);

#endif
