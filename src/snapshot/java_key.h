/* Java's serialization of Object[] with the classes that JDBC gives for key columns; java_key_write.c
 * and java_key_read.c. */
#ifndef PEN_SNAPSHOT_JAVA_KEY_H
#define PEN_SNAPSHOT_JAVA_KEY_H

#include <penstock/snapshot/chunks.h>

enum java__class {
    JAVA__OBJECTS, /* Object[] */
    JAVA__NUMBER,
    JAVA__INTEGER,
    JAVA__LONG,
    JAVA__FLOAT,
    JAVA__DOUBLE,
    JAVA__BOOLEAN,
    JAVA__BIG_INTEGER,
    JAVA__BIG_DECIMAL,
    JAVA__BYTES, /* byte[] */
    JAVA__UTIL_DATE,
    JAVA__TIMESTAMP,
    JAVA__SQL_DATE,
    JAVA__TIME_SER, /* java.time.Ser, of LocalDate and Duration */
    JAVA__STRING,   /* no class description of its own */
    JAVA__CLASS_COUNT
};

/* What MySQL's driver gives for a column of a text row (AbstractFieldReader, ResultSet.getObject). */
enum java__class java__class_of(const struct pen_column *c);

/* Unsigned magnitude, big-endian without leading zeros, to decimal digits and back.
 * @returns the length in w; digits: at most 3 × n + 1; bytes: at most digits.n */
size_t java__magnitude_to_digits(struct pen_span magnitude, uint8_t *w);
size_t java__digits_to_magnitude(struct pen_span digits, uint8_t *w);

#endif
