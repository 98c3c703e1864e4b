#include "processor/poison.h"

#include "base/mutant.h"

/* One record a transaction until all those of the batch that failed are behind. */
#define SINGLES_PER_RECORD 2
#define SINGLES_MIN 8

static bool is_same(const struct poison_subject *a, const struct poison_subject *b)
{
    if (a->partition != b->partition || a->is_timer != b->is_timer) {
        return false;
    }
    if (a->is_timer) {
        return a->timer.due_ms == b->timer.due_ms && a->timer.frame == b->timer.frame &&
               execution_id_equal(&a->timer.execution, &b->timer.execution);
    }
    return a->input == b->input && a->offset == b->offset;
}

bool poison_is_single(const struct poison *poison)
{
    return poison->singles_left > 0 || poison->has_suspect;
}

bool poison_is_proved(const struct poison *poison, const struct poison_subject *subject)
{
    return poison->has_suspect && poison->failures >= POISON_FAILURES && is_same(&poison->suspect, subject);
}

static void suspect(struct poison *poison, const struct poison_subject *subject)
{
    if (!poison->has_suspect || !is_same(&poison->suspect, subject)) {
        poison->has_suspect = true;
        poison->suspect = *subject;
        poison->failures = 0;
    }
    poison->failures++;
    poison->probe = true;
}

void poison_aborted(struct poison *poison, uint32_t records, const struct poison_subject *subject)
{
    if (MUTANT(POISON_LOOP)) {
        return;
    }
    if (poison->probe) {
        /* Not even an empty transaction commits: it is not the record. */
        poison->failures = 0;
        return;
    }
    poison->aborts++;
    if (poison_is_single(poison) && subject != NULL && records == 1) {
        suspect(poison, subject);
    } else if (poison->aborts >= POISON_ABORTS && poison->singles_left == 0) {
        poison->singles_left = records * SINGLES_PER_RECORD + SINGLES_MIN;
    }
}

void poison_committed(struct poison *poison, const struct poison_subject *subject)
{
    poison->aborts = 0;
    if (poison->probe) {
        poison->probe = false;
        return;
    }
    if (poison->has_suspect && subject != NULL && is_same(&poison->suspect, subject)) {
        poison->has_suspect = false;
        poison->failures = 0;
    }
    if (poison->singles_left > 0) {
        poison->singles_left--;
    }
}
