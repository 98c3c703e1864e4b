"""Each rule of tests/style/check.py finds what it is there for, and leaves good sources alone."""
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check  # noqa: E402

INCLUDES = """base   :        | libcrypto
asl    : base   | pcre2
bus    : base   | rdkafka
"""
GOOD_HEADER = """#ifndef PAWL_ASL_RETRY_H
#define PAWL_ASL_RETRY_H
#include "base/str.h"
MUST_CHECK enum status retry_find(int a, int *out_b);
enum state_type {
    A,
};
#endif
"""
GOOD_SOURCE = """#include "asl/retry.h"

#include <string.h>

/* The clock is not read here: time() is in a comment, "static int" in a text. */
static const char *const names[] = {"static int x;", "switch (a) { default: }"};
static const struct table rows[] = {{1}};
static int (*const functions[])(int) = {one};

static int one(int a)
{
    switch (a) {
    case 'a':
        return 1;
    default:
        return frame->time(2);
    }
}
"""


def tree_of(tmp_path, files):
    everything = {"includes.def": INCLUDES, "asl/retry.h": GOOD_HEADER, "asl/retry.c": GOOD_SOURCE, "asl/README.md": "x\n",
                  "base/str.h": "#ifndef PAWL_BASE_STR_H\n#define PAWL_BASE_STR_H\n#endif\n", **files}
    for path, text in everything.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return check.Tree(tmp_path)


def rules_found(tree):
    return {(rule, path) for rule, path, _, _ in check.findings(tree)}


def test_good_sources_pass(tmp_path):
    assert rules_found(tree_of(tmp_path, {})) == set()


HEADER = "#include \"asl/retry.h\"\n"
BAD = [
    ("folder not listed", "includes", "asl/x.c", '#include "bus/bus.h"\n'),
    ("library not listed", "includes", "asl/x.c", "#include <librdkafka/rdkafka.h>\n"),
    ("unknown library", "includes", "asl/x.c", "#include <curl/curl.h>\n"),
    ("not from the root", "includes", "asl/x.c", '#include "retry.h"\n'),
    ("clock", "purity", "asl/x.c", "int f(void)\n{\n    return time(NULL);\n}\n"),
    ("our clock", "purity", "asl/x.c", "long f(void)\n{\n    return clock_us();\n}\n"),
    ("file", "purity", "asl/x.c", "int f(void)\n{\n    return open(\"x\", 0);\n}\n"),
    ("stderr", "purity", "asl/x.c", "int f(void)\n{\n    put(stderr);\n}\n"),
    ("counter", "statics", "asl/x.c", "static int counter;\n"),
    ("set counter", "statics", "asl/x.c", "static int64_t counter = 3;\n"),
    ("pointer that moves", "statics", "asl/x.c", "static const char *name = \"x\";\n"),
    ("in a function", "statics", "asl/x.c", "int f(void)\n{\n    static char text[8];\n    return 0;\n}\n"),
    ("array", "statics", "asl/x.c", "static const char *names[] = {\"x\"};\n"),
    ("function pointer", "statics", "asl/x.c", "static int (*hook)(int);\n"),
    ("default", "switch", "asl/x.c",
     "int f(int a)\n{\n    switch (a) {\n    case STATE_A:\n        break;\n    default:\n        break;\n    }\n}\n"),
    ("outer default", "switch", "asl/x.c",
     "int f(int a)\n{\n    switch (a) {\n    case STATE_A:\n        switch (a) {\n        case 1:\n            break;\n        }\n"
     "    default:\n        break;\n    }\n}\n"),
    ("unchecked", "must_check", "asl/x.h", "#ifndef PAWL_ASL_X_H\n#define PAWL_ASL_X_H\nenum status x_f(int a);\n#endif\n"),
    ("wide", "columns", "asl/x.c", "/* " + "x" * 140 + " */\n"),
    ("blanks", "columns", "asl/x.c", "int a; \n"),
    ("long", "file_length", "asl/x.c", "\n" * 951),
    ("todo", "todo", "asl/x.c", "/* TODO: later */\n"),
    ("guard", "guards", "asl/x.h", "#ifndef X_H\n#define X_H\n#endif\n"),
    ("own header", "own_header", "asl/retry.c", "#include <string.h>\n#include \"asl/retry.h\"\n"),
    ("dead header", "dead_files", "asl/x.h", "#ifndef PAWL_ASL_X_H\n#define PAWL_ASL_X_H\n#endif\n"),
    ("no undef", "def_undef", "asl/x.def", "ROW(1)\n"),
    ("shell", "shellcheck", "asl/run", "#!/usr/bin/env bash\ncd $1/*; for a in `ls`; do [ $a = 1 ]; done; exit $undefined; unused=1\n"),
]


@pytest.mark.parametrize("name,rule,path,text", BAD, ids=[row[0] for row in BAD])
def test_bad_source_is_found(tmp_path, name, rule, path, text):
    assert (rule, path) in rules_found(tree_of(tmp_path, {path: text}))


def test_missing_readme_is_found(tmp_path):
    tree = tree_of(tmp_path, {"bus/x.c": "int x_f(void);\n"})
    assert ("readme", "bus/README.md") in rules_found(tree)


@pytest.mark.parametrize("text", ["/* TODO #41: more */\n", "switch (a) { case RD_KAFKA_X: default: ; }\n",
                                  "static inline int f(void)\n{\n    return 1;\n}\n", "static struct x f(int a)\n{\n}\n"])
def test_what_is_allowed_passes(tmp_path, text):
    assert rules_found(tree_of(tmp_path, {"asl/x.c": text})) == set()
