/* How often a member was fenced by its own instance id, and whether it may join again.
 *
 * The broker knows a static member by the id that it gave him last. It fences its only process, too: a broker that was killed
 * remembers an older id than the member has, and one that was silent may answer two joins of the same member, the one that was
 * given up last. Who joins anew is known again. Two processes of one instance id fence each other in turn, without an end: the
 * first that was fenced is the first to have been fenced too often, so that one is left. */
#include "bus/bus_kafka_internal.h"

#define FENCES_MAX 5    /* in a row: each time a broker goes in the midst of a join may be one */
#define CALM_MS 60000   /* without one, and the row is over */
#define CALM_SESSIONS 4 /* and so many sessions: within a third of one a member learns that he is fenced */
#define REJOIN_MS 500   /* after the first */
#define REJOIN_MS_MAX 2000

int64_t bus_kafka_fences_note(struct bus_kafka_fences *fences, int64_t now_ms, int64_t session_ms)
{
    int64_t calm_ms = session_ms * CALM_SESSIONS > CALM_MS ? session_ms * CALM_SESSIONS : CALM_MS;
    fences->count = fences->count > 0 && now_ms - fences->last_ms < calm_ms ? fences->count + 1 : 1;
    fences->last_ms = now_ms;
    if (fences->count >= FENCES_MAX) {
        return BUS_KAFKA_FENCES_TOO_MANY;
    }
    int64_t wait_ms = (int64_t)REJOIN_MS << (fences->count - 1);
    return now_ms + (wait_ms < REJOIN_MS_MAX ? wait_ms : REJOIN_MS_MAX);
}
