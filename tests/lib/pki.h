/*
 * Certificates for tests, issued at run time: a directory with a CA and the files of a test.
 *
 * Owns: the directory and its files. Thread: one. Errors: abort.
 * Lifetime: pki_create to pki_remove.
 */
#ifndef WSLUICE_TESTS_LIB_PKI_H
#define WSLUICE_TESTS_LIB_PKI_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "base/base.h"

struct pki_pair {
    EVP_PKEY *key;
    X509 *certificate;
};

struct pki {
    struct pki_pair ca;
    char directory[32];
    char names[32][32]; /* of the files that are there */
    unsigned count;
    long serial;
};

struct pki_path {
    char text[80];
};

static inline struct pki_path pki_path(const struct pki *pki, const char *name)
{
    struct pki_path path;
    snprintf(path.text, sizeof(path.text), "%s/%s", pki->directory, name);
    return path;
}

static inline void pki_extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    wsl_assert(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/*
 * Takes the key. `names` as in subjectAltName; empty: without one; NULL: a CA. `issuer` NULL: signs
 * itself.
 */
static inline struct pki_pair pki_issue(struct pki *pki, EVP_PKEY *key, const char *common_name,
                                        const char *names, const struct pki_pair *issuer)
{
    X509 *certificate = X509_new();
    wsl_assert(key && certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++pki->serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)common_name, -1, -1, 0);
    X509 *signer = issuer ? issuer->certificate : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    pki_extend(certificate, signer, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
    if (names && names[0] != '\0')
        pki_extend(certificate, signer, NID_subject_alt_name, names);
    wsl_assert(X509_sign(certificate, issuer ? issuer->key : key, EVP_sha256()) > 0);
    return (struct pki_pair){.key = key, .certificate = certificate};
}

/* Sets the validity, in seconds from now, and signs again. */
static inline void pki_date(struct pki_pair *pair, const struct pki_pair *issuer, long from,
                            long to)
{
    X509_gmtime_adj(X509_getm_notBefore(pair->certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(pair->certificate), to);
    wsl_assert(X509_sign(pair->certificate, issuer->key, EVP_sha256()) > 0);
}

static inline void pki_free_pair(struct pki_pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
}

/* Opens a file of the directory for writing; pki_remove removes it. */
static inline FILE *pki_open(struct pki *pki, const char *name)
{
    unsigned at = 0;
    while (at < pki->count && strcmp(pki->names[at], name) != 0)
        at++;
    wsl_assert(at < WSL_COUNT(pki->names));
    snprintf(pki->names[at], sizeof(pki->names[at]), "%s", name);
    pki->count += at == pki->count;
    FILE *file = fopen(pki_path(pki, name).text, "w");
    wsl_assert(file);
    return file;
}

static inline void pki_write_text(struct pki *pki, const char *name, const char *text)
{
    FILE *file = pki_open(pki, name);
    fputs(text, file);
    fclose(file);
}

/* Either part may be NULL; the key is encrypted when there is a password. */
static inline void pki_write(struct pki *pki, const char *name, X509 *certificate, EVP_PKEY *key,
                             const char *password)
{
    FILE *file = pki_open(pki, name);
    if (certificate)
        wsl_assert(PEM_write_X509(file, certificate) == 1);
    if (key)
        wsl_assert(PEM_write_PKCS8PrivateKey(file, key, password ? EVP_aes_128_cbc() : NULL,
                                             password, password ? (int)strlen(password) : 0, NULL,
                                             NULL) == 1);
    fclose(file);
}

/* A fresh P-256 pair signed by the CA, certificate and key in one file. */
static inline void pki_write_leaf(struct pki *pki, const char *name, const char *common_name,
                                  const char *names)
{
    struct pki_pair leaf = pki_issue(pki, EVP_EC_gen("P-256"), common_name, names, &pki->ca);
    pki_write(pki, name, leaf.certificate, leaf.key, NULL);
    pki_free_pair(&leaf);
}

/* A list of the CA that revokes nothing. */
static inline void pki_write_crl(struct pki *pki, const char *name)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, 3600);
    wsl_assert(list && now && next && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1);
    wsl_assert(X509_CRL_set_issuer_name(list, X509_get_subject_name(pki->ca.certificate)) == 1 &&
               X509_CRL_set1_lastUpdate(list, now) == 1 &&
               X509_CRL_set1_nextUpdate(list, next) == 1);
    wsl_assert(X509_CRL_sign(list, pki->ca.key, EVP_sha256()) > 0);
    FILE *file = pki_open(pki, name);
    wsl_assert(PEM_write_X509_CRL(file, list) == 1);
    fclose(file);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    X509_CRL_free(list);
}

/* Creates the directory with "ca.pem". */
static inline void pki_create(struct pki *pki)
{
    *pki = (struct pki){.directory = "/tmp/wsluice-pki-XXXXXX"};
    wsl_assert(mkdtemp(pki->directory));
    pki->ca = pki_issue(pki, EVP_EC_gen("P-256"), "Test CA", NULL, NULL);
    pki_write(pki, "ca.pem", pki->ca.certificate, NULL, NULL);
}

static inline void pki_remove(struct pki *pki)
{
    pki_free_pair(&pki->ca);
    for (unsigned i = 0; i < pki->count; i++)
        unlink(pki_path(pki, pki->names[i]).text);
    rmdir(pki->directory);
}

#endif
