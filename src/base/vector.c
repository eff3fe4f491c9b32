/* Growth of PEN_VEC arrays (penstock/base/vector.h). */
#include <penstock/base/vector.h>

#include <penstock/base/error.h>

int pen_vec_grow(void **v, size_t *cap, size_t need, size_t item_size)
{
    size_t n = PEN_MAX(*cap * 2, (size_t)8), bytes;
    if (n < need)
        n = need;
    if (__builtin_mul_overflow(n, item_size, &bytes) || bytes > SIZE_MAX / 2)
        return PEN_E_NOMEM;
    void *p = realloc(*v, bytes);
    if (p == NULL)
        return PEN_E_NOMEM;
    *v = p;
    *cap = n;
    return 0;
}
