/* The base room's face: one include for what every room uses. Nothing here knows MySQL, Kafka or
 * the program's threads. Each part has its own header; read them in this order. */
#ifndef PENSTOCK_BASE_H
#define PENSTOCK_BASE_H

#include <penstock/base/attr.h>
#include <penstock/base/error.h>
#include <penstock/base/span.h>
#include <penstock/base/buffer.h>
#include <penstock/base/cursor.h>
#include <penstock/base/arena.h>
#include <penstock/base/map.h>
#include <penstock/base/vector.h>
#include <penstock/base/clock.h>
#include <penstock/base/log.h>
#include <penstock/base/number.h>
#include <penstock/base/text.h>
#include <penstock/base/java_regex.h>
#include <penstock/base/json_text.h>
#include <penstock/base/cell.h>

#endif
