/* Every room's face compiles beside every other: worker and cli include them all. */
#include <penstock/base.h>
#include <penstock/wire.h>
#include <penstock/binlog.h>
#include <penstock/table.h>
#include <penstock/event.h>
#include <penstock/envelope.h>
#include <penstock/convert.h>
#include <penstock/transform.h>
#include <penstock/sink.h>
#include <penstock/store.h>
#include <penstock/config.h>
#include "tap.h"

int main(void)
{
    TAP_OK(true, "all faces compile in one unit");
    return tap_done();
}
