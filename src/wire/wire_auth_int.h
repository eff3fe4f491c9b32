/* Logins for Connector/C that never send a password in plain text over an unencrypted socket. */
#ifndef PEN_WIRE_AUTH_INT_H
#define PEN_WIRE_AUTH_INT_H

#include <mysql.h>
#include <stdbool.h>

/* Registers the plugins, once a process. @returns NULL or what is wrong */
const char *wire__auth_register(void);
/* Whether this connection may log in over TLS only. */
void wire__auth_set_tls_only(MYSQL *mysql, bool only);

#endif
