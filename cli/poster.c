#include "cli/poster.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS 10000
#define HEADER_CHARACTERS_MAX 200

/* A request on its way, or a free one: handles are used again. */
struct exchange {
    struct exchange *next;
    CURL *easy;
    struct curl_slist *headers;
    uint64_t number;
    char error_type[HEADER_CHARACTERS_MAX];
    char problem[CURL_ERROR_SIZE];
    char *body;
    size_t length;
    size_t capacity;
    bool too_large;
};

struct poster {
    struct poster_config config;
    CURLM *multi;
    struct exchange *free;
    struct exchange *busy;
};

/* ---- The URL ---- */

static bool has_part(CURLU *url, CURLUPart part, bool (*is_right)(const char *text))
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK && (is_right == NULL || is_right(text));
    curl_free(text);
    return has;
}

static bool is_http(const char *scheme)
{
    return strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0;
}

bool poster_url_is_valid(struct str text, const char **out_problem)
{
    char bytes[2048];
    CURLU *url = curl_url();
    *out_problem = NULL;
    if (url == NULL || text.length >= sizeof bytes || memchr(text.bytes, '\0', text.length) != NULL) {
        curl_url_cleanup(url);
        *out_problem = "it is too long";
        return false;
    }
    memcpy(bytes, text.bytes, text.length);
    bytes[text.length] = '\0';
    CURLUcode code = curl_url_set(url, CURLUPART_URL, bytes, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_BAD_SCHEME || (code == CURLUE_OK && !has_part(url, CURLUPART_SCHEME, is_http))) {
        *out_problem = "it must begin with http:// or https://";
    } else if (code != CURLUE_OK) {
        *out_problem = curl_url_strerror(code);
    } else if (has_part(url, CURLUPART_QUERY, NULL) || has_part(url, CURLUPART_FRAGMENT, NULL)) {
        *out_problem = "it must end with its host, port or path";
    } else if (has_part(url, CURLUPART_USER, NULL)) {
        *out_problem = "it has a user in it; credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    }
    curl_url_cleanup(url);
    return *out_problem == NULL;
}

/* ---- Handles ---- */

static void exchange_destroy(struct exchange *exchange)
{
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->headers);
    free(exchange->body);
    free(exchange);
}

static void destroy_all(struct poster *poster, struct exchange *first)
{
    while (first != NULL) {
        struct exchange *next = first->next;
        curl_multi_remove_handle(poster->multi, first->easy);
        exchange_destroy(first);
        first = next;
    }
}

enum status poster_create(const struct poster_config *config, struct poster **out_poster)
{
    struct poster *poster = calloc(1, sizeof *poster);
    TRY_NEW(poster);
    poster->config = *config;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(poster);
        return STATUS_LIMIT_EXCEEDED;
    }
    poster->multi = curl_multi_init();
    if (poster->multi == NULL) {
        poster_destroy(poster);
        return STATUS_LIMIT_EXCEEDED;
    }
    curl_multi_setopt(poster->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)POSTER_CONNECTIONS_MAX);
    curl_multi_setopt(poster->multi, CURLMOPT_MAXCONNECTS, (long)POSTER_CONNECTIONS_MAX);
    *out_poster = poster;
    return STATUS_OK;
}

void poster_destroy(struct poster *poster)
{
    destroy_all(poster, poster->busy);
    destroy_all(poster, poster->free);
    curl_multi_cleanup(poster->multi);
    free(poster);
    curl_global_cleanup();
}

static size_t take_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct exchange *exchange = owner;
    size_t more = size * count;
    if (more > POSTER_BODY_BYTES_MAX - exchange->length) {
        exchange->too_large = true;
        return 0;
    }
    if (exchange->length + more > exchange->capacity) {
        size_t capacity = (exchange->length + more) * 2;
        char *grown = realloc(exchange->body, capacity);
        if (grown == NULL) {
            exchange->too_large = true;
            return 0;
        }
        exchange->body = grown;
        exchange->capacity = capacity;
    }
    memcpy(exchange->body + exchange->length, bytes, more);
    exchange->length += more;
    return more;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *owner)
{
    struct exchange *exchange = owner;
    struct str line = {bytes, size * count};
    size_t colon = str_find(line, ':');
    static const char name[] = "x-amzn-ErrorType";
    if (colon == sizeof name - 1 && strncasecmp(bytes, name, colon) == 0) {
        struct str value = str_trim(str_from(line, colon + 1));
        size_t length = value.length < HEADER_CHARACTERS_MAX ? value.length : HEADER_CHARACTERS_MAX - 1;
        memcpy(exchange->error_type, value.bytes, length);
        exchange->error_type[length] = '\0';
    }
    return size * count;
}

/* The one place where a request gets its signature. */
static void sign(const struct poster_config *config, CURL *easy)
{
    char provider[128];
    if (config->access_key_id.bytes == NULL || config->secret_access_key.bytes == NULL) {
        return;
    }
    snprintf(provider, sizeof provider, "aws:amz:%.*s:states", STR_ARGS(config->region));
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, provider);
    curl_easy_setopt(easy, CURLOPT_USERNAME, config->access_key_id.bytes);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, config->secret_access_key.bytes);
}

static struct exchange *exchange_create(const struct poster_config *config)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        free(exchange);
        return NULL;
    }
    exchange->easy = easy;
    curl_easy_setopt(easy, CURLOPT_URL, config->url.bytes);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "pawl/" PAWL_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->problem);
    if (config->ca_file.length > 0) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file.bytes);
    }
    sign(config, easy);
    return exchange;
}

/* ---- Sending ---- */

static enum status add_header(struct exchange *exchange, const char *name, struct str value)
{
    char line[4096];
    int length = snprintf(line, sizeof line, "%s: %.*s", name, STR_ARGS(value));
    struct curl_slist *list = length < (int)sizeof line ? curl_slist_append(exchange->headers, line) : NULL;
    if (list == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    exchange->headers = list;
    return STATUS_OK;
}

static enum status prepare(const struct poster_config *config, struct exchange *exchange, const struct post *post)
{
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
    exchange->number = post->number;
    exchange->length = 0;
    exchange->too_large = false;
    exchange->error_type[0] = '\0';
    exchange->problem[0] = '\0';
    TRY(add_header(exchange, "Content-Type", STR("application/x-amz-json-1.0")));
    TRY(add_header(exchange, "X-Amz-Target", post->target));
    if (config->session_token.bytes != NULL) {
        TRY(add_header(exchange, "X-Amz-Security-Token", config->session_token));
    }
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(exchange->easy, CURLOPT_TIMEOUT_MS, (long)post->timeout_ms);
    curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.length);
    bool copied = curl_easy_setopt(exchange->easy, CURLOPT_COPYPOSTFIELDS, post->body.bytes) == CURLE_OK;
    return copied ? STATUS_OK : STATUS_LIMIT_EXCEEDED;
}

enum status poster_send(struct poster *poster, const struct post *post)
{
    struct exchange *exchange = poster->free;
    if (exchange == NULL) {
        exchange = exchange_create(&poster->config);
        TRY_NEW(exchange);
    } else {
        poster->free = exchange->next;
    }
    enum status status = prepare(&poster->config, exchange, post);
    if (status != STATUS_OK || curl_multi_add_handle(poster->multi, exchange->easy) != CURLM_OK) {
        exchange_destroy(exchange);
        return STATUS_LIMIT_EXCEEDED;
    }
    exchange->next = poster->busy;
    poster->busy = exchange;
    return STATUS_OK;
}

/* ---- Being answered ---- */

static enum poster_end end_of(CURL *easy, CURLcode result)
{
    curl_off_t sent_us = 0;
    if (result == CURLE_OK) {
        return POSTER_ANSWERED;
    }
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
    if (sent_us == 0) {
        return POSTER_UNREACHED;
    }
    return result == CURLE_OPERATION_TIMEDOUT ? POSTER_TIMED_OUT : POSTER_BROKEN;
}

static enum status copy_end(struct arena *arena, struct exchange *exchange, CURLcode result, struct posted *out_posted)
{
    const char *type = NULL;
    const char *problem = exchange->problem[0] != '\0' ? exchange->problem : curl_easy_strerror(result);
    struct posted posted = {.number = exchange->number, .end = end_of(exchange->easy, result)};
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &posted.http_status);
    curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_TYPE, &type);
    if (exchange->too_large) {
        problem = "the answer is too large";
    }
    TRY(arena_copy(arena, str_of(problem), &posted.problem));
    TRY(arena_copy(arena, str_of(type == NULL ? "" : type), &posted.content_type));
    TRY(arena_copy(arena, str_of(exchange->error_type), &posted.error_type));
    TRY(arena_copy(arena, exchange->length > 0 ? (struct str){exchange->body, exchange->length} : STR(""), &posted.body));
    *out_posted = posted;
    return STATUS_OK;
}

static void set_free(struct poster *poster, struct exchange *exchange)
{
    struct exchange **link = &poster->busy;
    while (*link != exchange) {
        link = &(*link)->next;
    }
    *link = exchange->next;
    curl_multi_remove_handle(poster->multi, exchange->easy);
    exchange->next = poster->free;
    poster->free = exchange;
}

/* The next one that curl has done with, or NULL. */
static struct exchange *next_done(struct poster *poster, CURLcode *out_result)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(poster->multi, &left)) != NULL;) {
        char *exchange = NULL;
        if (message->msg == CURLMSG_DONE) {
            *out_result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
            return (struct exchange *)(void *)exchange;
        }
    }
    return NULL;
}

enum status poster_next(struct poster *poster, struct arena *arena, int wait_ms, struct posted *out_posted)
{
    CURLcode result = CURLE_OK;
    int running = 0;
    for (int turn = 0; turn < 2; turn++) {
        curl_multi_perform(poster->multi, &running);
        struct exchange *exchange = next_done(poster, &result);
        if (exchange != NULL) {
            enum status status = copy_end(arena, exchange, result, out_posted);
            set_free(poster, exchange);
            return status;
        }
        if (turn == 0 && poster->busy != NULL) {
            curl_multi_poll(poster->multi, NULL, 0, wait_ms, NULL);
        }
    }
    return STATUS_END;
}

void poster_wake(struct poster *poster)
{
    curl_multi_wakeup(poster->multi);
}
