/* What a worker group asks of exactly.once.support and transaction.boundary; standalone workers do not
 * look at them. Texts are Connect's (DistributedHerder). */
#include "config_int.h"

int pen_config_check_exactly_once(const struct pen_config *worker,
                                  const struct pen_connector_config *c,
                                  struct pen_config_report *report)
{
    const bool enabled =
        pen_span_ieq_str(pen_worker_config_get(worker, "exactly.once.source.support"), "enabled");
    int rc = 0;
    if (c->exactly_once == PEN_CONFIG_EOS_REQUIRED && !enabled)
        rc =
            pen_config_report_add(report, false, PEN_SPAN_LIT("exactly.once.support"),
                                  "This worker does not have exactly-once source support enabled.");
    if (rc == 0 && c->transaction_boundary == PEN_CONFIG_BOUNDARY_CONNECTOR)
        rc = pen_config_report_add(
            report, false, PEN_SPAN_LIT("transaction.boundary"),
            "The connector does not support connector-defined transaction boundaries with the "
            "given configuration. Please reconfigure it to use a different transaction boundary "
            "definition.");
    return rc;
}
