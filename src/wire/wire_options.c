/* Small things around options: the names of SSL modes, and the cancel list. */
#include "wire_int.h"
#include <sys/socket.h>

int pen_ssl_mode_parse(struct pen_span text, enum pen_ssl_mode *ret_mode)
{
    static const char *const names[] = {
        [PEN_SSL_PREFERRED] = "preferred",
        [PEN_SSL_DISABLED] = "disabled",
        [PEN_SSL_REQUIRED] = "required",
        [PEN_SSL_VERIFY_CA] = "verify_ca",
        [PEN_SSL_VERIFY_IDENTITY] = "verify_identity",
    };
    for (size_t i = 0; i < PEN_COUNT(names); i++) {
        if (pen_span_ieq_str(text, names[i])) {
            *ret_mode = (enum pen_ssl_mode)i;
            return 0;
        }
    }
    return PEN_E_PARSE;
}

void pen_wire_cancel_init(struct pen_wire_cancel *c)
{
    pthread_mutex_init(&c->mutex, NULL);
    c->head = NULL;
    atomic_init(&c->cancelled, false);
}

void pen_wire_cancel_done(struct pen_wire_cancel *c)
{
    pthread_mutex_destroy(&c->mutex);
}

/* shutdown, not close: the thread that reads still owns the descriptor, so its number cannot be
 * reused under it; the read there returns at once. */
void pen_wire_cancel(struct pen_wire_cancel *c)
{
    pthread_mutex_lock(&c->mutex);
    atomic_store(&c->cancelled, true);
    for (struct pen_wire_link *l = c->head; l; l = l->next)
        (void)shutdown(l->fd, SHUT_RDWR);
    pthread_mutex_unlock(&c->mutex);
}

bool wire__cancelled(const struct pen_wire_cancel *c)
{
    return c && atomic_load(&c->cancelled);
}

int wire__link(struct pen_wire_link *l, struct pen_wire_cancel *cancel, int fd)
{
    l->fd = fd;
    if (!cancel)
        return 0;
    pthread_mutex_lock(&cancel->mutex);
    int e = atomic_load(&cancel->cancelled) ? PEN_E_STOPPED : 0;
    if (e == 0) {
        l->cancel = cancel;
        l->prev = NULL;
        l->next = cancel->head;
        if (l->next)
            l->next->prev = l;
        cancel->head = l;
    }
    pthread_mutex_unlock(&cancel->mutex);
    return e;
}

void wire__unlink(struct pen_wire_link *l)
{
    struct pen_wire_cancel *c = l->cancel;
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    if (l->prev)
        l->prev->next = l->next;
    else
        c->head = l->next;
    if (l->next)
        l->next->prev = l->prev;
    pthread_mutex_unlock(&c->mutex);
    l->cancel = NULL;
}
