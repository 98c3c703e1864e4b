#include "asl/redrive.h"

#include "asl/frame.h"
#include "asl/value.h"
#include "base/limits.h"
#include "schemas/execution_statuses.h"

#define TOKEN_US (REDRIVE_TOKEN_MINUTES * 60LL * 1000 * 1000)

static bool is_unsuccessful(struct str status)
{
    return str_equal(status, STR("FAILED")) || str_equal(status, STR("TIMED_OUT")) || str_equal(status, STR("ABORTED"));
}

enum status redrive_refusal(struct arena *arena, const struct execution_status *execution,
                            const struct step_config *config, int64_t now_us, struct str *out_reason)
{
    *out_reason = STR_NONE;
    if (!is_unsuccessful(execution->status)) {
        return arena_format(arena, out_reason, "Execution is %.*s and cannot be redriven", STR_ARGS(execution->status));
    }
    if (execution->stop_date == RECORD_NONE || now_us >= execution->stop_date + config->redrive_ms * 1000) {
        *out_reason = STR("Execution redrivable period exceeded.");
    } else if (now_us >= execution->start_date + EXECUTION_MS_MAX * 1000) {
        *out_reason = STR("Execution has exceeded the max execution time.");
    } else if (config->history_events_max > 0 && execution->version + 1 >= config->history_events_max) {
        *out_reason = STR("Execution history event limit exceeded.");
    } else if (execution->redrive_count >= REDRIVES_MAX) {
        *out_reason = STR("Execution redrive limit exceeded.");
    }
    return STATUS_OK;
}

enum status redrive_refusal_of_row(struct arena *arena, const struct execution_row *row, const struct step_config *config,
                                   int64_t now_us, struct str *out_reason)
{
    const struct execution_status execution = {
        .status = execution_status_name((enum execution_status_id)row->status),
        .start_date = row->incarnation,
        /* What is deleted is past its time, though the configuration may have got more patient since. */
        .stop_date = row->express || row->root.phase == FRAME_GONE ? RECORD_NONE : row->stop_date,
        .version = row->last_event_id,
        .redrive_count = row->redrive_count,
    };
    return redrive_refusal(arena, &execution, config, now_us, out_reason);
}

/* ---- Client tokens: [["<token>",<µs>],…] ---- */

static enum status parse(struct arena *arena, const struct execution_row *row, const struct value **out_tokens)
{
    return value_parse(arena, row->redrive_tokens.bytes == NULL ? STR("[]") : row->redrive_tokens, out_tokens, NULL);
}

/* An entry's token and date. False: it is forgotten. */
static bool read(const struct value *entry, int64_t now_us, struct str *out_token, int64_t *out_date)
{
    const struct value *token = value_item(entry, 0);
    const struct value *date = value_item(entry, 1);
    if (token == NULL || token->type != VALUE_STRING || date == NULL || !value_to_int64(date, out_date)) {
        return false;
    }
    *out_token = token->string;
    return now_us < *out_date + TOKEN_US;
}

enum status redrive_token_date(struct arena *arena, const struct execution_row *row, struct str client_token, int64_t now_us,
                               int64_t *out_date)
{
    const struct value *tokens = NULL;
    TRY(parse(arena, row, &tokens));
    for (uint32_t at = 0; client_token.bytes != NULL && at < tokens->count; at++) {
        struct str token;
        int64_t date;
        if (read(tokens->items[at], now_us, &token, &date) && str_equal(token, client_token)) {
            *out_date = date;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

enum status redrive_add_token(struct arena *arena, const struct execution_row *row, struct str client_token, int64_t now_us,
                              struct str *out_tokens)
{
    const struct value *tokens = NULL;
    const struct value *kept[REDRIVE_TOKENS_MAX];
    const struct value *pair[2];
    const struct value *all = NULL;
    size_t count = 0;
    TRY(parse(arena, row, &tokens));
    /* With the new one, no more than the last ten. */
    for (uint32_t at = tokens->count < REDRIVE_TOKENS_MAX ? 0 : tokens->count - REDRIVE_TOKENS_MAX + 1; at < tokens->count; at++) {
        struct str token;
        int64_t date;
        if (read(tokens->items[at], now_us, &token, &date)) {
            kept[count++] = tokens->items[at];
        }
    }
    TRY(value_string(arena, client_token, &pair[0]));
    TRY(value_integer(arena, now_us, &pair[1]));
    TRY(value_array(arena, pair, 2, &kept[count++]));
    TRY(value_array(arena, kept, count, &all));
    return value_to_text(arena, all, out_tokens);
}
