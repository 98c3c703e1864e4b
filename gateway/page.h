/* Pages of lists and histories: maxResults and nextToken of a request.
 *
 * A token is opaque: base64url of version, expiry, a digest and the place to go on from. The digest is over all of these,
 * the cluster, the operation and the other members of the request: a token of another query, a changed one and one that has
 * expired are InvalidToken, on every gateway of the cluster. */
#ifndef PAWL_GATEWAY_PAGE_H
#define PAWL_GATEWAY_PAGE_H

#include "gateway/call.h"

#define PAGE_RESULTS_DEFAULT 100

struct page {
    struct call *call;
    int64_t results_max;
    struct str position; /* where to go on; STR_NONE: at the beginning */
    struct buffer items; /* JSON, separated by commas */
    int64_t count;
    bool full;           /* there is more, behind `last` */
    struct str last;     /* position of the last item */
};

/* *out_refused: the token is none, and the call is answered. */
MUST_CHECK enum status page_begin(struct call *call, struct page *out_page, bool *out_refused);

/* Whether one more item may be added; when not, the page is full: it has `results_max` items, or is large. */
bool page_has_room(struct page *page);

/* Adds an item, whose JSON may be written to page->items between the two calls. */
MUST_CHECK enum status page_item_begin(struct page *page);
MUST_CHECK enum status page_item_end(struct page *page, struct str position);

/* Ends a page that has looked at enough without showing it: the next one goes on behind this item. */
MUST_CHECK enum status page_skip(struct page *page, struct str position);

/* Answers {"<name>":[…],"nextToken":…}. */
MUST_CHECK enum status page_answer(struct page *page, const char *name);

#endif
