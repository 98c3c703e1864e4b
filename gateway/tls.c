#include "gateway/tls.h"

#include "bus/bus_port.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read-only once it is made. */
struct tls_identity {
    atomic_int holders;
    gnutls_certificate_credentials_t credentials;
    bool asks_clients;
    int64_t expires_ms;
    gnutls_datum_t certificate; /* a NUL follows, as with the others */
    gnutls_datum_t key;
    gnutls_datum_t client_ca;
};

struct tls {
    struct tls_files files;
    pthread_mutex_t lock;
    struct tls_identity *present; /* guarded by lock */
};

/* ---- Files ---- */

static enum status read_all(int file, gnutls_datum_t *out_text)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        return STATUS_IO;
    }
    if (!S_ISREG(status.st_mode) || status.st_size < 0 || (size_t)status.st_size > TLS_FILE_BYTES_MAX) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : S_ISREG(status.st_mode) ? EFBIG : EINVAL;
        return STATUS_IO;
    }
    size_t capacity = (size_t)status.st_size;
    out_text->data = calloc(1, capacity + 1);
    TRY_NEW(out_text->data);
    while (out_text->size < capacity) {
        ssize_t length = read(file, out_text->data + out_text->size, capacity - out_text->size);
        if (length < 0) {
            return STATUS_IO;
        }
        if (length == 0) {
            break; /* it has become shorter */
        }
        out_text->size += (unsigned)length;
    }
    return STATUS_OK;
}

static enum status read_file(const char *option, struct str path, gnutls_datum_t *out_text, struct bus_error *out_error)
{
    int file = open(path.bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer is not waited for */
    enum status status = file < 0 ? STATUS_IO : read_all(file, out_text);
    int problem = errno;
    if (file >= 0) {
        close(file);
    }
    if (status == STATUS_IO) {
        return bus_port_fail(out_error, STATUS_INVALID, "%s: '%.*s' can't be read: %s", option, STR_ARGS(path),
                             strerror(problem));
    }
    return status;
}

/* ---- Identities ---- */

static void forget_text(gnutls_datum_t *text)
{
    if (text->data != NULL) {
        gnutls_memset(text->data, 0, text->size);
        free(text->data);
    }
}

static void identity_destroy(struct tls_identity *identity)
{
    if (identity->credentials != NULL) {
        gnutls_certificate_free_credentials(identity->credentials);
    }
    forget_text(&identity->certificate);
    forget_text(&identity->key);
    forget_text(&identity->client_ca);
    free(identity);
}

static enum status check_certificate(const struct tls_files *files, struct tls_identity *identity,
                                     struct bus_error *out_error)
{
    gnutls_x509_crt_t *chain;
    unsigned count = 0;
    int code = gnutls_x509_crt_list_import2(&chain, &count, &identity->certificate, GNUTLS_X509_FMT_PEM, 0);
    if (code < 0) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "gateway.tls.certificate: '%.*s' must hold a certificate in PEM (-----BEGIN CERTIFICATE-----), "
                             "and those that lead to its root: %s",
                             STR_ARGS(files->certificate), gnutls_strerror(code));
    }
    identity->expires_ms = (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]) * 1000;
    for (unsigned at = 0; at < count; at++) {
        gnutls_x509_crt_deinit(chain[at]);
    }
    gnutls_free(chain);
    return STATUS_OK;
}

static enum status check_key(const struct tls_files *files, const struct tls_identity *identity, struct bus_error *out_error)
{
    gnutls_x509_privkey_t key;
    int code = gnutls_x509_privkey_init(&key);
    if (code == GNUTLS_E_SUCCESS) {
        code = gnutls_x509_privkey_import2(key, &identity->key, GNUTLS_X509_FMT_PEM, NULL, 0);
        gnutls_x509_privkey_deinit(key);
    }
    if (code == GNUTLS_E_DECRYPTION_FAILED || code == GNUTLS_E_PK_INVALID_PRIVKEY) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "gateway.tls.key: the key in '%.*s' is broken or encrypted; it must be there without a password",
                             STR_ARGS(files->key));
    }
    if (code < 0) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "gateway.tls.key: '%.*s' must hold a private key in PEM (-----BEGIN PRIVATE KEY-----): %s",
                             STR_ARGS(files->key), gnutls_strerror(code));
    }
    return STATUS_OK;
}

static enum status load_client_ca(const struct tls_files *files, struct tls_identity *identity, struct bus_error *out_error)
{
    if (files->client_ca.length == 0) {
        return STATUS_OK;
    }
    TRY(read_file("gateway.tls.client.ca", files->client_ca, &identity->client_ca, out_error));
    int count = gnutls_certificate_set_x509_trust_mem(identity->credentials, &identity->client_ca, GNUTLS_X509_FMT_PEM);
    if (count <= 0) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "gateway.tls.client.ca: '%.*s' must hold certificates in PEM (-----BEGIN CERTIFICATE-----): %s",
                             STR_ARGS(files->client_ca), count < 0 ? gnutls_strerror(count) : "there is none");
    }
    identity->asks_clients = true;
    return STATUS_OK;
}

static enum status load(const struct tls_files *files, struct tls_identity *identity, struct bus_error *out_error)
{
    TRY(read_file("gateway.tls.certificate", files->certificate, &identity->certificate, out_error));
    TRY(read_file("gateway.tls.key", files->key, &identity->key, out_error));
    TRY(check_certificate(files, identity, out_error));
    TRY(check_key(files, identity, out_error));
    if (gnutls_certificate_allocate_credentials(&identity->credentials) != GNUTLS_E_SUCCESS) {
        return STATUS_LIMIT_EXCEEDED;
    }
    int code = gnutls_certificate_set_x509_key_mem(identity->credentials, &identity->certificate, &identity->key,
                                                   GNUTLS_X509_FMT_PEM);
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "gateway.tls.key: the key in '%.*s' is not that of the first certificate in '%.*s'",
                             STR_ARGS(files->key), STR_ARGS(files->certificate));
    }
    if (code < 0) {
        return bus_port_fail(out_error, STATUS_INVALID, "gateway.tls.certificate: '%.*s' can't be used: %s",
                             STR_ARGS(files->certificate), gnutls_strerror(code));
    }
    return load_client_ca(files, identity, out_error);
}

static enum status identity_create(const struct tls_files *files, struct tls_identity **out_identity,
                                   struct bus_error *out_error)
{
    struct tls_identity *identity = calloc(1, sizeof *identity);
    TRY_NEW(identity);
    atomic_init(&identity->holders, 1);
    enum status status = load(files, identity, out_error);
    if (status != STATUS_OK) {
        identity_destroy(identity);
        return status;
    }
    *out_identity = identity;
    return STATUS_OK;
}

/* ---- TLS ---- */

enum status tls_open(const struct tls_files *files, struct tls **out_tls, struct bus_error *out_error)
{
    if (files->certificate.length == 0 || files->key.length == 0) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "%s is set, but not %s: TLS needs gateway.tls.certificate and gateway.tls.key",
                             files->certificate.length > 0 ? "gateway.tls.certificate"
                             : files->key.length > 0       ? "gateway.tls.key"
                                                           : "gateway.tls.client.ca",
                             files->certificate.length == 0 ? "gateway.tls.certificate" : "gateway.tls.key");
    }
    struct tls *tls = calloc(1, sizeof *tls);
    TRY_NEW(tls);
    tls->files = *files;
    enum status status = identity_create(files, &tls->present, out_error);
    if (status != STATUS_OK) {
        free(tls);
        return status;
    }
    pthread_mutex_init(&tls->lock, NULL);
    *out_tls = tls;
    return STATUS_OK;
}

void tls_close(struct tls *tls)
{
    tls_detach(tls->present);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

enum status tls_reload(struct tls *tls, struct bus_error *out_error)
{
    struct tls_identity *next;
    TRY(identity_create(&tls->files, &next, out_error));
    pthread_mutex_lock(&tls->lock);
    struct tls_identity *before = tls->present;
    tls->present = next;
    pthread_mutex_unlock(&tls->lock);
    tls_detach(before);
    return STATUS_OK;
}

int64_t tls_expires_ms(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    int64_t expires_ms = tls->present->expires_ms;
    pthread_mutex_unlock(&tls->lock);
    return expires_ms;
}

void tls_texts(const struct tls *tls, const char **out_certificate, const char **out_key)
{
    *out_certificate = (const char *)tls->present->certificate.data;
    *out_key = (const char *)tls->present->key.data;
}

/* ---- Connections ---- */

/* The client must have a certificate that its CA made for clients; the handshake fails otherwise. */
static void ask_client(gnutls_session_t session)
{
    static const gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID,
        .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
    };
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_cert2(session, (gnutls_typed_vdata_st *)&purpose, 1, 0);
}

struct tls_identity *tls_attach(struct tls *tls, void *session)
{
    pthread_mutex_lock(&tls->lock);
    struct tls_identity *identity = tls->present;
    atomic_fetch_add(&identity->holders, 1);
    pthread_mutex_unlock(&tls->lock);
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) != GNUTLS_E_SUCCESS) {
        tls_detach(identity);
        return NULL;
    }
    if (identity->asks_clients) {
        ask_client(session);
    }
    return identity;
}

void tls_detach(struct tls_identity *identity)
{
    if (atomic_fetch_sub(&identity->holders, 1) == 1) {
        identity_destroy(identity);
    }
}
