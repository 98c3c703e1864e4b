/* What every store must do. A program gives a way to open an empty one and runs all cases over it. */
#ifndef PAWL_TESTS_KV_KV_SUITE_H
#define PAWL_TESTS_KV_KV_SUITE_H

#include "kv/kv.h"

struct kv_suite {
    void *owner;
    struct kv *(*open)(void *owner); /* empty */
    void (*close)(void *owner, struct kv *kv);
};

/* Runs the cases; how many failed, as cmocka counts. */
int kv_suite_run(const char *name, const struct kv_suite *suite);

/* A fresh folder below TMPDIR or /tmp; the text is the caller's to free. */
char *kv_suite_folder(void);
void kv_suite_folder_remove(char *path);

/* Puts or gets one row without staging others. Gets "(none)" when there is none. */
void kv_suite_put(struct kv *kv, const char *key, const char *value);
const char *kv_suite_get(struct kv *kv, struct arena *arena, const char *key);

#endif
