/* Answers to commands and results (design, section 8): accepted with data, or refused with AWS's error. */
#ifndef PAWL_PROCESSOR_REPLY_H
#define PAWL_PROCESSOR_REPLY_H

#include "processor/handling.h"

#define REPLY_TO(record)                                                                                               \
    ((struct reply_to){.topic = (record)->reply_topic,                                                                 \
                       .partition = (record)->reply_partition,                                                         \
                       .correlation_id = (record)->correlation_id})

/* To be called before anything is staged: RETRIABLE with a need when the topic was not looked for yet. */
MUST_CHECK enum status reply_prepare(struct handling *handling, const struct reply_to *to);

/* Accepted. `data` is a JSON object, the answer's members. incarnation and version may be RECORD_NONE. Nothing is sent
 * when no answer is wanted. */
struct reply_version {
    int64_t incarnation;
    int64_t version;
};
MUST_CHECK enum status reply_accept(struct handling *handling, const struct reply_to *to, struct str data,
                                    struct reply_version version);

/* Refused, in the words of the API. Without a place to answer to, the record becomes a dead letter. */
MUST_CHECK enum status reply_refuse(struct handling *handling, const struct reply_to *to, struct str error,
                                    const char *message_format, ...) __attribute__((format(printf, 4, 5)));

/* Refused since the ARN is not of what the command is about: none at all, of another kind, or with a Distributed Map's
 * label. */
MUST_CHECK enum status reply_refuse_arn(struct handling *handling, const struct reply_to *to, struct str arn);

/* As reply_refuse, but nothing happens without a place to answer to. */
MUST_CHECK enum status reply_refuse_quietly(struct handling *handling, const struct reply_to *to, struct str error,
                                            struct str message);

/* µs since 1970 as the API's JSON writes times: seconds with three decimals. */
MUST_CHECK enum status reply_date(struct arena *arena, int64_t time_us, struct str *out_text);

#endif
