#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t rate_max;
} kinds[FAULT_COUNT] = {
#define FAULT(id, name, rate_max, text) {name, rate_max},
#include "faults.def"
};

const char *fault_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

static struct chance chance_for(const struct faults *faults, enum fault_kind kind, uint32_t number)
{
    struct chance chance = {faults->seed ^ ((uint64_t)kind << 56) ^ ((uint64_t)number << 20)};
    chance.state = chance_next(&chance);
    return chance;
}

static void draw_rates(struct faults *faults, struct chance *chance, int from, int to)
{
    for (int kind = from; kind < to; kind++) {
        faults->rates[kind] = chance_below(chance, kinds[kind].rate_max + 1);
    }
}

void faults_init(struct faults *faults, uint64_t seed, const struct fault_list *only)
{
    struct chance chance = {seed};
    *faults = (struct faults){.on = true, .only = only};
    draw_rates(faults, &chance, 0, FAULT_OUTAGE);
    faults->seed = chance_next(&chance);
    draw_rates(faults, &chance, FAULT_OUTAGE, FAULT_COUNT); /* came later: seeds that none strikes in mean what they did */
}

void faults_clear(struct faults *faults)
{
    fault_list_clear(&faults->struck);
}

static bool is_in(const struct fault_list *list, struct fault fault)
{
    for (size_t at = 0; at < list->count; at++) {
        if (list->items[at].kind == fault.kind && list->items[at].number == fault.number) {
            return true;
        }
    }
    return false;
}

bool fault_strikes(struct faults *faults, enum fault_kind kind)
{
    if (!faults->on) {
        return false;
    }
    struct fault fault = {kind, faults->opportunities[kind]++};
    struct chance chance = chance_for(faults, kind, fault.number);
    if (!chance_of(&chance, faults->rates[kind]) || (faults->only != NULL && !is_in(faults->only, fault))) {
        return false;
    }
    faults->chance = chance;
    fault_list_add(&faults->struck, fault);
    return true;
}

uint32_t fault_below(struct faults *faults, uint32_t bound)
{
    return chance_below(&faults->chance, bound);
}

void fault_list_add(struct fault_list *list, struct fault fault)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = fault;
}

void fault_list_clear(struct fault_list *list)
{
    free(list->items);
    *list = (struct fault_list){.count = 0};
}

bool fault_list_read(struct fault_list *list, const char *text)
{
    if (strcmp(text, "none") == 0) {
        return true;
    }
    while (*text != 0) {
        const char *at = strchr(text, '@');
        int kind = 0;
        while (at != NULL && kind < FAULT_COUNT &&
               (strlen(kinds[kind].name) != (size_t)(at - text) || strncmp(kinds[kind].name, text, (size_t)(at - text)) != 0)) {
            kind++;
        }
        if (at == NULL || kind == FAULT_COUNT) {
            return false;
        }
        char *end;
        fault_list_add(list, (struct fault){(enum fault_kind)kind, (uint32_t)strtoul(at + 1, &end, 10)});
        if (end == at + 1 || (*end != 0 && *end != ',')) {
            return false;
        }
        text = *end == ',' ? end + 1 : end;
    }
    return true;
}

void fault_list_print(const struct fault_list *list)
{
    for (size_t at = 0; at < list->count; at++) {
        printf("%s%s@%u", at > 0 ? "," : "", kinds[list->items[at].kind].name, list->items[at].number);
    }
    printf("%s", list->count == 0 ? "none" : "");
}
