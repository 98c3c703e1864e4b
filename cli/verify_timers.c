/* Timers that are late: passed over by somebody who was at work, or nobody's fault that the topics would show.
 *
 * Whoever works at a partition fires what is due, in order of due time, before each commit. So a timer that was long overdue
 * at the last commit was passed over, unless that commit fired others as late (it catches up after a pause) or input lay
 * unread. Without a commit since, a processor may be missing, or still reading rows. */
#include "cli/verify.h"

#include <inttypes.h>

/* Why timers of the partition may be late. */
struct excuse {
    bool unread; /* inputs */
    bool owned;  /* a processor has the partition, by the group */
};

static enum exit_code find_unread(struct verify *verify, enum topic_id id, bool *out_unread)
{
    struct context *context = verify->context;
    int64_t next = verify->log.next[id == TOPIC_RESULTS];
    int64_t end = verify->starts[verify->partition].inputs[id == TOPIC_RESULTS];
    const struct bus_topic *topic;
    struct scan scan;
    struct bus_record record;
    bool more = false;
    if (next >= end) {
        return EXIT_CODE_OK;
    }
    /* There may be nothing but the markers of transactions. */
    TRY_RUN(connection_topic(context, id, &topic));
    TRY_RUN(scan_open_from(context, topic, verify->partition, next, &scan));
    enum exit_code code = scan_next(context, &scan, &record, &more);
    *out_unread = *out_unread || (code == EXIT_CODE_OK && more && record.offset < end);
    scan_close(&scan);
    return code;
}

/* By the consumer group; false also when nobody tells. */
static enum exit_code find_owner(struct verify *verify, bool *out_owned)
{
    struct context *context = verify->context;
    struct bus_error error = {""};
    struct bus_group_member *members;
    size_t count;
    struct str group;
    const struct bus_topic *commands;
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    TRY_RUN(connection_topic(context, TOPIC_COMMANDS, &commands));
    arena_reset(verify->scratch);
    if (arena_format(verify->scratch, &group, "%.*s-processor", STR_ARGS(prefix)) != STATUS_OK ||
        bus_group_members(context->connection->bus, verify->scratch, group, commands, &members, &count, &error) != STATUS_OK) {
        return EXIT_CODE_OK;
    }
    for (size_t member = 0; member < count; member++) {
        for (size_t at = 0; at < members[member].partition_count; at++) {
            *out_owned = *out_owned || members[member].partitions[at] == verify->partition;
        }
    }
    return EXIT_CODE_OK;
}

/* How late the row's timer was when the reading began; 0: not so late, or its execution is parked. */
static int64_t lateness(const struct verify *verify, const struct verify_row *row)
{
    const struct timer_key timer = verify_row_timer(row);
    const struct verify_row *owner = verify_rows_execution(&verify->rows, &timer.execution);
    int64_t late_ms = verify->start_us / 1000 - verify_row_due_ms(row);
    bool parked = owner != NULL && owner->execution->parked;
    return parked || late_ms <= VERIFY_GRACE_MS ? 0 : late_ms;
}

static bool is_passed(const struct verify *verify, const struct verify_row *row, const struct excuse *excuse)
{
    const struct verify_log *log = &verify->log;
    int64_t due_ms = verify_row_due_ms(row);
    if (excuse->unread || !log->any) {
        return false;
    }
    if (log->time_ms - due_ms > VERIFY_GRACE_MS) {
        return !log->catching_up;
    }
    return excuse->owned && verify->start_us / 1000 - due_ms > VERIFY_IDLE_MS;
}

static void report(struct verify *verify, const struct verify_row *row)
{
    const struct timer_key timer = verify_row_timer(row);
    const struct verify_row *owner = verify_rows_execution(&verify->rows, &timer.execution);
    const struct bus_record record = {.topic = verify->state, .partition = verify->partition, .offset = row->offset};
    struct str arn = owner == NULL || owner->execution->run == NULL ? STR("no execution with a history") : owner->execution->arn;
    verify_report(verify, VERIFY_TIMER, &record, "a timer of %.*s, frame %" PRId64 ", is overdue by %" PRId64 " s", STR_ARGS(arn),
                  timer.frame, lateness(verify, row) / 1000);
}

static void note(struct verify *verify, const struct excuse *excuse, int64_t count, int64_t most_ms)
{
    const char *why = "and nothing was committed since: is a processor running?";
    if (excuse->unread) {
        why = "while commands or results are unread";
    } else if (verify->log.catching_up) {
        why = "and it is catching up";
    }
    verify->late += count;
    verify_note(verify, "%" PRId64 " timers are late, by up to %" PRId64 " s, %s", count, most_ms / 1000, why);
}

static bool any_late(const struct verify *verify)
{
    const struct verify_row *row;
    for (row = verify_rows_next(&verify->rows, NULL); row != NULL; row = verify_rows_next(&verify->rows, row)) {
        if (row->key[0] == KEY_TIMER && lateness(verify, row) > 0) {
            return true;
        }
    }
    return false;
}

enum exit_code verify_timers(struct verify *verify)
{
    const struct verify_row *row;
    struct excuse excuse = {false, false};
    int64_t count = 0;
    int64_t most_ms = 0;
    if (verify->log.rows > 0 || !any_late(verify)) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(find_unread(verify, TOPIC_COMMANDS, &excuse.unread));
    TRY_RUN(find_unread(verify, TOPIC_RESULTS, &excuse.unread));
    TRY_RUN(find_owner(verify, &excuse.owned));
    for (row = verify_rows_next(&verify->rows, NULL); row != NULL; row = verify_rows_next(&verify->rows, row)) {
        int64_t late_ms = row->key[0] == KEY_TIMER ? lateness(verify, row) : 0;
        if (late_ms > 0 && is_passed(verify, row, &excuse)) {
            report(verify, row);
        } else if (late_ms > 0) {
            count++;
            most_ms = late_ms > most_ms ? late_ms : most_ms;
        }
    }
    if (count > 0) {
        note(verify, &excuse, count, most_ms);
    }
    return EXIT_CODE_OK;
}
