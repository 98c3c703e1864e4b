#!/usr/bin/env python3
"""What a compiler does not see: the rules of the style that are marked as enforced, over all files that git knows.

    check.py [ROOT]      prints `file:line: rule: what` for each finding, then a summary; exits 1 when there is one

A rule is a function that is given the tree and yields findings. Exceptions are in the tables below, with their reason."""
import pathlib
import re
import subprocess
import sys

COLUMNS_MAX = 140
FILE_LINES_MAX = 950

# Headers of the outside libraries, by the names that includes.def uses.
OUTSIDE = {
    "libcrypto": ("openssl/",),
    "jansson": ("jansson.h",),
    "pcre2": ("pcre2.h",),
    "avro": ("avro.h", "avro/"),
    "rocksdb": ("rocksdb/",),
    "rdkafka": ("librdkafka/",),
    "microhttpd": ("microhttpd.h",),
    "gnutls": ("gnutls/",),
    "yaml": ("yaml.h",),
    "curl": ("curl/",),
}
SYSTEM = set("""assert ctype errno fcntl fenv float inttypes limits locale math poll pthread setjmp signal stdalign
    stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings endian threads time unistd wchar dirent
    execinfo ftw getopt glob netdb netinet/in netinet/tcp arpa/inet regex sched spawn termios sys/epoll sys/eventfd
    sys/file sys/ioctl sys/mman sys/pidfd sys/random sys/resource sys/select sys/signalfd sys/socket sys/stat sys/statvfs
    sys/syscall sys/time sys/timerfd sys/types sys/un sys/utsname sys/wait sys/prctl malloc sys/sendfile""".split())

# STYLE 24: nothing in these folders may ask the world. Functions, by exact name.
PURE_FOLDERS = ("asl", "schemas")
IMPURE = set("""time clock clock_us clock_ms clock_deadline clock_gettime gettimeofday nanosleep usleep sleep
    localtime localtime_r gmtime mktime rand srand random srandom rand_r drand48 arc4random getrandom getentropy
    getenv secure_getenv setenv fopen fdopen freopen open openat creat read pread write pwrite close socket connect
    send recv printf vprintf puts putchar perror fprintf vfprintf fputs fputc fwrite fread fgets getline system popen
    fork execve exit _exit abort signal sigaction pthread_create pthread_mutex_lock log_error log_warning log_info
    log_debug setlocale""".split())
IMPURE_WORDS = {"stdout", "stderr", "stdin", "errno"}
IMPURE_ALLOWED = {
    # (file, word): why
    ("asl/jsonpath", "errno"): "strtod tells overflow by it",
    ("asl/value.c", "errno"): "strtod tells overflow by it",
    ("asl", "errno"): "strtod tells overflow by it",
    ("schemas", "errno"): "strtod tells overflow by it",
}

# STYLE 23: static variables that may change.
MUTABLE_ALLOWED = {
    "base/assert.c": "the frame that an assertion jumps back to, one a thread",
    "base/log.c": "level and sink of the process's log",
    "cli": "main's stop flag, which a signal handler sets",
}

# STYLE 12: what returns a status that it was given to say, rather than one of its own.
UNCHECKED_ALLOWED = {"bus_kafka_error_of", "bus_kafka_error_take", "bus_kafka_error_report", "bus_port_fail"}

# STYLE 27: a `default` is right where the enum is not ours.
FOREIGN_CASE = re.compile(r"^(RD_KAFKA_|JSON_|YAML_|AVRO_|MHD_|PCRE2_|SIG[A-Z0-9]+$|E[A-Z0-9]+$|UINT|INT|[A-Z]+_MAX$)")


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                                stdout=subprocess.PIPE, check=True).stdout.decode()
        self.paths = sorted(path for path in listed.split("\0") if path and (self.root / path).is_file())
        self.texts = {}
        self.codes = {}

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self.texts[path]

    def code(self, path):
        if path not in self.codes:
            self.codes[path] = without_comments(self.text(path))
        return self.codes[path]

    def ending(self, *suffixes):
        return [path for path in self.paths if path.endswith(suffixes)]

    def ours(self, *suffixes):
        """The program's own sources: those of a folder that includes.def lists."""
        folders = tuple(folder + "/" for folder in self.rules())
        return [path for path in self.ending(*suffixes) if path.startswith(folders)]

    def rules(self):
        if not hasattr(self, "_rules"):
            self._rules = read_rules(self.text("includes.def")) if "includes.def" in self.paths else {}
        return self._rules

    def folder(self, path):
        """The folder of includes.def that the file belongs to: the longest that fits."""
        fitting = [folder for folder in self.rules() if path.startswith(folder + "/")]
        return max(fitting, key=len) if fitting else None


def read_rules(text):
    rules = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            folder, rest = line.split(":", 1)
            inside, _, outside = rest.partition("|")
            rules[folder.strip()] = (inside.split(), outside.split())
    return rules


TOKENS = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def without_comments(text):
    """Comments become blanks, and what texts and characters hold becomes dots: same length, same lines."""
    def blank(match):
        found = match.group(0)
        if found[0] == "/":
            return re.sub(r"[^\n]", " ", found)
        return found[0] + "." * (len(found) - 2) + found[-1]
    return TOKENS.sub(blank, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def rule_includes(tree):
    """STYLE 9, 10: includes point one way, and an outside library is used where includes.def lists it."""
    pattern = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)
    for path in tree.ours(".c", ".h", ".def", ".inc"):
        folder = tree.folder(path)
        inside, outside = tree.rules()[folder]
        for match in pattern.finditer(tree.text(path)):
            line, name = line_of(tree.text(path), match.start()), match.group(2)
            if match.group(1) == '"':
                other = tree.folder(name)
                if other is None:
                    yield path, line, f'"{name}" is not named from the root'
                elif other != folder and other not in inside:
                    yield path, line, f"{folder} may not include {other} ({name}); see includes.def"
                continue
            library = next((library for library, headers in OUTSIDE.items() if name.startswith(headers)), None)
            if library is None:
                if name.removesuffix(".h") not in SYSTEM:
                    yield path, line, f"<{name}> is of no library that is known here"
            elif library not in outside:
                yield path, line, f"{folder} may not use {library} (<{name}>); see includes.def"


def rule_purity(tree):
    """STYLE 24: asl/ and schemas/ use no clock, no chance, no I/O."""
    call = re.compile(r"(?<![\w.>])([a-z_][a-z0-9_]*)\s*\(")
    word = re.compile(r"\b(" + "|".join(sorted(IMPURE_WORDS)) + r")\b")
    for path in tree.ours(".c", ".h"):
        if not path.startswith(tuple(folder + "/" for folder in PURE_FOLDERS)):
            continue
        code = tree.code(path)
        for match in list(call.finditer(code)) + list(word.finditer(code)):
            name = match.group(1)
            if name not in IMPURE and name not in IMPURE_WORDS:
                continue
            if any(path.startswith(place) and name == allowed for place, allowed in IMPURE_ALLOWED):
                continue
            if name in IMPURE and is_own(code, name):
                continue
            yield path, line_of(code, match.start()), f"{name} is not pure"


def is_own(code, name):
    """Whether the file defines a static function of that name: then a call means that one."""
    return re.search(r"^static [^;={}()]*\b" + name + r"\(", code, re.MULTILINE) is not None


def rule_statics(tree):
    """STYLE 23: no static variable that changes."""
    pattern = re.compile(r"(?<![\w\"])(?:static|_Thread_local)\b([^;={(]*)([;={(])(\s*\*?)")
    for path in tree.ours(".c", ".h"):
        if any(path == place or path.startswith(place + "/") for place in MUTABLE_ALLOWED):
            continue
        code = tree.code(path)
        for match in pattern.finditer(code):
            declared, ends, after = match.group(1), match.group(2), match.group(3)
            if ends == "{" and "enum" not in declared and "struct" not in declared:
                continue
            if ends == "(" and not after.strip():
                continue  # a function
            own = declared.rpartition("*")[2] if "*" in declared else declared
            if ends == "(":
                own = code[match.end():code.find(")", match.end())]  # a pointer to a function: (*const name)
            if not re.search(r"\bconst\b", own) and "inline" not in declared.split():
                yield path, line_of(code, match.start()), "a static variable that is not const"


def body_of(code, at):
    """From the brace at `at` to its partner."""
    depth = 0
    for index in range(at, len(code)):
        if code[index] == "{":
            depth += 1
        elif code[index] == "}":
            depth -= 1
            if depth == 0:
                return code[at + 1:index]
    return code[at + 1:]


def rule_switch(tree):
    """STYLE 27: a switch over an enum of ours has no default. One over `(int)enum` is over a part of it, and may."""
    head = re.compile(r"\bswitch\s*\((?!\(int\))")
    label = re.compile(r"\bcase\s+([A-Za-z_]\w*)\s*:")
    for path in tree.ours(".c", ".h"):
        code = tree.code(path)
        for match in head.finditer(code):
            brace = code.find("{", match.end())
            body = body_of(code, brace)
            inner = head.search(body)
            while inner:  # what lies in a switch within is its own
                start = body.find("{", inner.end())
                body = body[:inner.start()] + body[start + len(body_of(body, start)) + 2:]
                inner = head.search(body)
            names = label.findall(body)
            if re.search(r"\bdefault\s*:", body) and names and all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and
                                                                   not FOREIGN_CASE.match(name) for name in names):
                yield path, line_of(code, match.start()), "a switch over an enum of ours has a default"


def rule_must_check(tree):
    """STYLE 12: what can fail says MUST_CHECK in its header. A folder's inner headers are left out: what a port's table
    points at is called through the port."""
    prototype = re.compile(r"^(?:extern |static inline )?enum status\s+(\w+)\s*\(", re.MULTILINE)
    for path in tree.ours(".h"):
        if path.endswith(("_internal.h", "_parts.h")):
            continue
        code = tree.code(path)
        for match in prototype.finditer(code):
            before = code[:match.start()].rstrip()
            if match.group(1) in UNCHECKED_ALLOWED:
                continue
            if not before.endswith("MUST_CHECK") and not match.group(0).startswith("static inline"):
                yield path, line_of(code, match.start()), f"{match.group(1)} returns a status without MUST_CHECK"


def rule_columns(tree):
    """Lines fit a screen."""
    exempt = ("tests/schemas/samples",)
    for path in tree.ending(".c", ".h", ".py", ".sh") + tree.scripts():
        if path.startswith(exempt):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if len(line) > COLUMNS_MAX:
                yield path, number, f"{len(line)} columns; {COLUMNS_MAX} are the most"
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line"


def rule_file_length(tree):
    """A file of more than that many lines is split by noun."""
    for path in tree.ours(".c", ".h"):
        count = tree.text(path).count("\n")
        if count > FILE_LINES_MAX:
            yield path, count, f"{count} lines; split it"


def rule_todo(tree):
    """STYLE 31: no TODO without an issue number."""
    pattern = re.compile(r"\b(TODO|FIXME|XXX)\b(?![^\n]*#\d)")
    for path in tree.ours(".c", ".h", ".def") + [path for path in tree.ending(".c", ".h") if path.startswith("tests/")]:
        for match in pattern.finditer(tree.text(path)):
            yield path, line_of(tree.text(path), match.start()), f"{match.group(1)} without an issue number"


def rule_guards(tree):
    """A header has an include guard that its path names."""
    for path in tree.ours(".h") + [path for path in tree.ending(".h") if path.startswith("tests/")]:
        guard = "PAWL_" + re.sub(r"[^A-Z0-9]", "_", path.upper())
        if f"#ifndef {guard}\n#define {guard}\n" not in tree.text(path):
            yield path, 1, f"the include guard is not {guard}"


def rule_own_header(tree):
    """STYLE 8: a source includes its own header first."""
    for path in tree.ours(".c"):
        own = path[:-2] + ".h"
        if own in tree.paths:
            first = re.search(r"^#include (.*)$", tree.text(path), re.MULTILINE)
            if first is None or first.group(1) != f'"{own}"':
                yield path, 1, f'"{own}" is not included first'


def rule_dead_files(tree):
    """Every header and table is included by something."""
    included = set()
    for path in tree.ending(".c", ".h", ".def", ".inc"):
        for name in re.findall(r'#\s*include\s*"([^"]+)"', tree.text(path)):
            included.add(name)
            included.add(str(pathlib.PurePosixPath(path).parent / name))
    build = "".join(tree.text(path) for path in tree.ending("CMakeLists.txt", ".cmake", ".py") + tree.scripts())
    for path in tree.ending(".h", ".def", ".inc"):
        name = pathlib.PurePosixPath(path).name
        if path not in included and name not in build and path != "includes.def":
            yield path, 1, "nothing includes it"


def rule_readme(tree):
    """Each folder of includes.def says what it is for."""
    for folder in tree.rules():
        has_sources = any(path.startswith(folder + "/") for path in tree.ours(".c"))
        if has_sources and f"{folder}/README.md" not in tree.paths:
            yield f"{folder}/README.md", 1, "is missing"


def rule_def_undef(tree):
    """STYLE 28: a table ends with its own #undef."""
    for path in tree.ours(".def"):
        if "#undef" not in tree.text(path):
            yield path, 1, "does not end with its own #undef"


def rule_shellcheck(tree):
    """Shell scripts pass shellcheck."""
    shell = [path for path in tree.scripts() if tree.text(path).startswith(("#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh"))]
    if not shell:
        return
    try:
        done = subprocess.run(["shellcheck", "-x", "-S", "warning", "-f", "gcc", *shell], cwd=tree.root,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        print("style: shellcheck is missing, shell scripts are not checked", file=sys.stderr)
        return
    for found in done.stdout.splitlines():
        path, line, _, text = (found.split(":", 3) + ["", "", ""])[:4]
        yield path, int(line or 1), text.strip()


def scripts(tree):
    """Files without a suffix, or .sh, that begin with #!."""
    return [path for path in tree.paths
            if ("." not in pathlib.PurePosixPath(path).name.lstrip(".") or path.endswith(".sh")) and tree.text(path).startswith("#!")]


Tree.scripts = scripts
RULES = [value for name, value in list(globals().items()) if name.startswith("rule_")]


def findings(tree):
    """(rule, path, line, text) of every rule, in order."""
    for rule in RULES:
        for path, line, text in rule(tree):
            yield rule.__name__.removeprefix("rule_"), path, line, text


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2]
    broken = {}
    tree = Tree(root)
    for rule, path, line, text in findings(tree):
        broken[rule] = broken.get(rule, 0) + 1
        print(f"{path}:{line}: {rule}: {text}")
    failed = len(broken)
    print(f"style: {len(RULES) - failed} rules passed, {failed} failed, {len(tree.paths)} files")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
