/* Claims of activity tasks: the first of all who want one gets it, and only he may do it (design, section 6). A claim is a
 * TaskStarted with a reply. */
#ifndef PAWL_CLI_CLAIMS_H
#define PAWL_CLI_CLAIMS_H

#include "cli/task.h"

struct claims;

struct claims_config {
    struct bus *bus;
    const struct codec *codec;
    const struct bus_topic *results;
    const struct bus_topic *replies;
    enum codec_encoding encoding;
    struct str worker_name; /* who claims: the same name may claim a task again, as after a crash */
};

enum claims_answer {
    CLAIMS_MINE,
    CLAIMS_LOST,    /* it is another's, or has ended */
    CLAIMS_STOPPED, /* claims_stop was called first: whose it is is not known */
};

/* From now on replies are read. Texts and topics are borrowed. */
MUST_CHECK enum status claims_create(const struct claims_config *config, struct claims **out_claims,
                                     struct bus_error *out_error);
void claims_destroy(struct claims *claims);

/* Claims the task, as often as it takes to be answered. From any thread. */
enum claims_answer claims_take(struct claims *claims, const struct task *task);

/* Ends those that wait, and all to come. */
void claims_stop(struct claims *claims);

#endif
