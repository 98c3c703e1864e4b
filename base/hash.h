/* The hashes that pawl's formats are made of, and base64url. */
#ifndef PAWL_BASE_HASH_H
#define PAWL_BASE_HASH_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

#define SHA256_BYTES 32

/* Kafka's murmur2 (org.apache.kafka.common.utils.Utils.murmur2), unsigned. */
uint32_t hash_murmur2(struct str bytes);

/* The partition that Java's default partitioner gives `key`: toPositive(murmur2(key)) % count. Requires count > 0. */
uint32_t hash_partition(struct str key, uint32_t partition_count);

/* CRC-64-AVRO (Avro specification, "Schema Fingerprints"). */
uint64_t hash_crc64_avro(struct str bytes);

/* SHA-256 (FIPS 180-4) of the parts one after the other. */
void hash_sha256(const struct str *parts, size_t part_count, uint8_t out_digest[SHA256_BYTES]);

/* Lower-case hexadecimal. */
MUST_CHECK enum status hash_hex_encode(struct arena *arena, struct str bytes, struct str *out_text);

/* base64url without padding (RFC 4648, section 5). STATUS_INVALID for any other character or length. */
MUST_CHECK enum status hash_base64url_encode(struct arena *arena, struct str bytes, struct str *out_text);
MUST_CHECK enum status hash_base64url_decode(struct arena *arena, struct str text, struct str *out_bytes);

#endif
