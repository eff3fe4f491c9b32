/* What all sinks share. */
#include "sink_int.h"

void pen_sink_close(struct pen_sink *s)
{
    if (s != NULL)
        s->ops->close(s);
}
