/* The table room's face: what the columns of a table are at a point of the binlog, and how that
 * changes. Threads: a catalog and its versions belong to one task loop. @thread task */
#ifndef PENSTOCK_TABLE_H
#define PENSTOCK_TABLE_H

#include <penstock/table/charset.h>
#include <penstock/table/version.h>
#include <penstock/table/catalog.h>
#include <penstock/table/ddl.h>
#include <penstock/table/history.h>

#endif
