/* Key and trust stores: PEM, PKCS#12 and Java's JKS as PEM texts, for whoever needs TLS. */
#ifndef PENSTOCK_KEYS_H
#define PENSTOCK_KEYS_H

#include <penstock/base.h>

/* What a key or trust store file holds, as PEM texts; empty = none. */
struct pen_key_store {
    struct pen_buf ca, certificates, key; /* key: unencrypted */
};
/** Reads PEM, PKCS#12 or Java's JKS, told by content. password may be empty (trust stores of JKS need
 * none). Errors: PEN_E_TLS with path and reason, never the password. @thread any */
PEN_MUST_USE int pen_key_store_read(const char *path, struct pen_span password,
                                    struct pen_key_store *ret, struct pen_error *err);
void pen_key_store_done(struct pen_key_store *s); /* wipes the key */

#endif
