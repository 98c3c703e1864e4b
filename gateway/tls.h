/* TLS of the HTTP server: a certificate chain and its key from PEM files, which can be read again while connections stand.
 * TLS 1.2 and 1.3.
 *
 *     tls_open ─► identity ◄── tls_attach: a connection begins, and keeps the identity that is present then
 *                    ▲                      until tls_detach; the last one who has it frees it
 *     tls_reload ────┘ takes its place for connections to come
 *
 * Any thread may call anything but tls_close. The only user of GnuTLS. */
#ifndef PAWL_GATEWAY_TLS_H
#define PAWL_GATEWAY_TLS_H

#include "base/status.h"
#include "base/str.h"
#include "bus/bus.h"

struct tls;
struct tls_identity;

/* Paths, each followed by a NUL; borrowed for the life of what is opened with them. */
struct tls_files {
    struct str certificate; /* PEM: the server's certificate, then those between it and the root */
    struct str key;         /* PEM: its private key, not encrypted */
    struct str client_ca;   /* PEM: who signs the certificates that clients must have; empty: clients need none */
};

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" /* as GnuTLS writes it */
#define TLS_FILE_BYTES_MAX ((size_t)1024 * 1024)

/* INVALID with *out_error, which names the option, the file, and what was expected of it. */
MUST_CHECK enum status tls_open(const struct tls_files *files, struct tls **out_tls, struct bus_error *out_error);
void tls_close(struct tls *tls);

/* Reads the files again. INVALID: as tls_open, and what was there before stays in use. */
MUST_CHECK enum status tls_reload(struct tls *tls, struct bus_error *out_error);

/* When the certificate in use expires, in Unix time in ms. */
int64_t tls_expires_ms(struct tls *tls);

/* The texts of the files, followed by a NUL, for a server that wants them to start with. Borrowed until the next
 * tls_reload. */
void tls_texts(const struct tls *tls, const char **out_certificate, const char **out_key);

/* A connection begins: its GnuTLS session is to use the present identity, which it has until tls_detach. NULL: it can't. */
struct tls_identity *tls_attach(struct tls *tls, void *session);
void tls_detach(struct tls_identity *identity);

#endif
