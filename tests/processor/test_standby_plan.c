/* Which partitions a process keeps copies of (processor/standby_plan.h). */
#include "processor/standby_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PARTITIONS_MAX 16
#define MEMBERS_MAX 8

/* A group in text: a member is a letter, its process, and its partitions in hexadecimal: "a01 b23 a45". Ids are in that
 * order. */
struct group {
    struct bus_group_member members[MEMBERS_MAX];
    uint32_t partitions[MEMBERS_MAX][PARTITIONS_MAX];
    size_t count;
};

static uint32_t digit(char character)
{
    return (uint32_t)(character <= '9' ? character - '0' : character - 'A' + 10);
}

static void read_group(const char *text, struct group *out_group)
{
    memset(out_group, 0, sizeof *out_group);
    for (const char *at = text; *at != '\0';) {
        struct bus_group_member *member = &out_group->members[out_group->count];
        uint32_t *partitions = out_group->partitions[out_group->count++];
        member->id = (struct str){at, 2};
        member->instance = (struct str){at, 1};
        member->partitions = partitions;
        for (at++; *at != ' ' && *at != '\0'; at++) {
            partitions[member->partition_count++] = digit(*at);
        }
        at += *at == ' ';
    }
}

static void test_plans(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *group;
        const char *process;
        uint32_t partition_count;
        enum standby_replicas replicas;
        const char *wanted;
    } cases[] = {
        {"alone", "a0123", "a", 4, STANDBY_AUTO, ""},
        {"two", "a01 b23", "a", 4, STANDBY_AUTO, "23"},
        {"the other of two", "a01 b23", "b", 4, STANDBY_AUTO, "01"},
        {"three", "a01 b23 c45", "b", 6, STANDBY_AUTO, "0145"},
        {"three with two threads each", "a0 a1 b2 b3 c4 c5", "b", 6, STANDBY_AUTO, "0145"},
        {"switched off", "a01 b23", "a", 4, STANDBY_NONE, ""},
        {"not in the group", "a01 b23", "z", 4, STANDBY_AUTO, ""},
        {"an empty group", "", "a", 4, STANDBY_ALL, ""},
        /* Without b: a012 c345 d67; without c: a012 b345 d67; without d: a012 b345 c67. */
        {"four, the first", "a01 b23 c45 d67", "a", 8, STANDBY_AUTO, "2"},
        /* Without a: b012 c345 d67. */
        {"four, the second", "a01 b23 c45 d67", "b", 8, STANDBY_AUTO, "0145"},
        {"four, the third", "a01 b23 c45 d67", "c", 8, STANDBY_AUTO, "367"},
        {"four, the last", "a01 b23 c45 d67", "d", 8, STANDBY_AUTO, ""},
        {"four, all", "a01 b23 c45 d67", "d", 8, STANDBY_ALL, "012345"},
        /* Without b: a012 c345 a67 d89; without d: a012 b345 c67 a89. */
        {"four processes, one with two threads", "a01 b23 c45 a67 d89", "a", 10, STANDBY_AUTO, "289"},
        {"a partition that there is not", "a01 bF", "b", 2, STANDBY_AUTO, "01"},
        {"fewer partitions than members", "a0 b1 c d", "c", 2, STANDBY_AUTO, "1"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct group group;
        bool wanted[PARTITIONS_MAX];
        char text[PARTITIONS_MAX + 1] = "";
        read_group(cases[at].group, &group);
        const struct standby_group query = {
            .members = group.members,
            .member_count = group.count,
            .instance = str_of(cases[at].process),
            .partition_count = cases[at].partition_count,
            .replicas = cases[at].replicas,
        };
        standby_plan(&query, wanted);
        for (uint32_t partition = 0; partition < cases[at].partition_count; partition++) {
            if (wanted[partition]) {
                text[strlen(text)] = "0123456789ABCDEF"[partition % PARTITIONS_MAX];
            }
        }
        print_message("%s\n", cases[at].name);
        assert_string_equal(text, cases[at].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plans)};
    return cmocka_run_group_tests_name("processor/standby_plan", tests, NULL, NULL);
}
