/* Shortest floating point text against a slow independent search, and Java's layout. */
#include <tap.h>

#include <math.h>
#include <stdlib.h>
#include <penstock/base/number.h>

static struct pen_span show(double v)
{
    static uint8_t w[PEN_DOUBLE_MAX];
    return pen_span_make(w, (size_t)(pen_put_double(w, v) - w));
}

static struct pen_span show_float(float v)
{
    static uint8_t w[PEN_DOUBLE_MAX];
    return pen_span_make(w, (size_t)(pen_put_float_as(w, v, PEN_FLOAT_JDK19) - w));
}

static const struct {
    const char *name;
    double v;
    const char *want;
} doubles[] = {
    {"zero has a fraction", 0.0, "0.0"},
    {"negative zero keeps its sign", -0.0, "-0.0"},
    {"one", 1.0, "1.0"},
    {"a third", 1.0 / 3, "0.3333333333333333"},
    {"0.1 + 0.2", 0.1 + 0.2, "0.30000000000000004"},
    {"one tenth", 0.1, "0.1"},
    {"hundred", 100.0, "100.0"},
    {"largest plain integer", 9999999.0, "9999999.0"},
    {"fraction below ten million", 9999999.5, "9999999.5"},
    {"ten million has an exponent", 1e7, "1.0E7"},
    {"digits behind the exponent's point", 12345678.9, "1.23456789E7"},
    {"one thousandth is plain", 0.001, "0.001"},
    {"below one thousandth has an exponent", 0.0001, "1.0E-4"},
    {"just below one thousandth", 0.00099, "9.9E-4"},
    {"0.00123", 0.00123, "0.00123"},
    {"0.0123", 0.0123, "0.0123"},
    {"negative", -1234.5, "-1234.5"},
    {"smallest subnormal has two digits", 5e-324, "4.9E-324"},
    {"second smallest subnormal", 1e-323, "9.9E-324"},
    {"third smallest subnormal", 1.5e-323, "1.5E-323"},
    {"smallest normal", 2.2250738585072014E-308, "2.2250738585072014E-308"},
    {"largest subnormal", 2.225073858507201e-308, "2.225073858507201E-308"},
    {"largest", 1.7976931348623157e308, "1.7976931348623157E308"},
    {"2e23 (JDK-4511638)", 2e23, "2.0E23"},
    {"1e23", 1e23, "1.0E23"},
    {"2^53 + 1 is read as 2^53", 9007199254740993.0, "9.007199254740992E15"},
    {"2^53 + 2", 9007199254740994.0, "9.007199254740994E15"},
    {"2^63", 9223372036854775808.0, "9.223372036854776E18"},
    {"2^-44, closer below than above", 0x1p-44, "5.684341886080802E-14"},
    {"1.0E22 is exact", 1e22, "1.0E22"},
    {"8.41E21 (Javadoc)", 8.41E21, "8.41E21"},
    {"2.0E-3 (Javadoc)", 2.0E-3, "0.002"},
    {"not a number", NAN, "NaN"},
    {"infinity", INFINITY, "Infinity"},
    {"negative infinity", -INFINITY, "-Infinity"},
};

static const struct {
    const char *name;
    float v;
    const char *want;
} floats[] = {
    {"float zero", 0.0f, "0.0"},
    {"float one tenth", 0.1f, "0.1"},
    {"float third", 1.0f / 3, "0.33333334"},
    {"smallest float subnormal", 1.4e-45f, "1.4E-45"},
    {"second float subnormal", 2.8e-45f, "2.8E-45"},
    {"largest float", 3.4028235e38f, "3.4028235E38"},
    {"smallest normal float", 1.17549435e-38f, "1.1754944E-38"},
    {"2^24 in float", 16777216.0f, "1.6777216E7"},
    {"float ten million", 1e7f, "1.0E7"},
    {"float 9999999", 9999999.0f, "9999999.0"},
    {"float 0.001", 0.001f, "0.001"},
    {"float 1.0E-4", 1e-4f, "1.0E-4"},
    {"float 3.3e38 keeps few digits", 3.3e38f, "3.3E38"},
    {"float infinity", INFINITY, "Infinity"},
    {"float negative", -2.5f, "-2.5"},
};

/* Java 17's own output, from a program that printed some millions of values */
static const struct {
    const char *name;
    double v;
    const char *want;
} old_doubles[] = {
    {"old: ten to the 23rd from below", 1e23, "9.999999999999999E22"},
    {"old: 2e23", 2e23, "1.9999999999999998E23"},
    {"old: 8.41e21 (Javadoc)", 8.41e21, "8.409999999999999E21"},
    {"old: an even fraction does not reach its end", 8.410000000000001e21, "8.410000000000001E21"},
    {"old: 2^53 + 2", 9007199254740994.0, "9.007199254740994E15"},
    {"old: an integer above 2^53 keeps its digits", 1234567890123456768.0,
     "1.23456789012345677E18"},
    {"old: one tenth", 0.1, "0.1"},
    {"old: one thousandth", 0.001, "0.001"},
    {"old: a third", 1.0 / 3, "0.3333333333333333"},
    {"old: smallest subnormal", 5e-324, "4.9E-324"},
    {"old: second smallest subnormal", 1e-323, "1.0E-323"},
    {"old: twentieth subnormal", 9.9e-323, "1.0E-322"},
    {"old: fifth subnormal", 2.5e-323, "2.5E-323"},
    {"old: 2^-44, a power of two", 0x1p-44, "5.6843418860808015E-14"},
    {"old: largest", 1.7976931348623157e308, "1.7976931348623157E308"},
};

static const struct {
    const char *name;
    float v;
    const char *want;
} old_floats[] = {
    {"old float 123456789", 123456789.0f, "1.23456792E8"},
    {"old float ten million", 1e7f, "1.0E7"},
    {"old float 1e10", 1e10f, "1.0E10"},
    {"old float 2.5e10", -2.5e10f, "-2.49999995E10"},
    {"old float 1e15", 1e15f, "9.9999999E14"},
    {"old float smallest normal", 1.17549435e-38f, "1.17549435E-38"},
    {"old float one tenth", 0.1f, "0.1"},
    {"old float 71st subnormal", 9.9e-44f, "1.0E-43"},
    {"old float third", 1.0f / 3, "0.33333334"},
    {"old float infinity", INFINITY, "Infinity"},
};

static void old_values(void)
{
    uint8_t w[PEN_DOUBLE_MAX];
    for (size_t i = 0; i < PEN_COUNT(old_doubles); i++) {
        uint8_t *end = pen_put_double_as(w, old_doubles[i].v, PEN_FLOAT_JDK17);
        TAP_EQ_SPAN(pen_span_make(w, (size_t)(end - w)), pen_span_str(old_doubles[i].want), "%s",
                    old_doubles[i].name);
    }
    for (size_t i = 0; i < PEN_COUNT(old_floats); i++) {
        uint8_t *end = pen_put_float_as(w, old_floats[i].v, PEN_FLOAT_JDK17);
        TAP_EQ_SPAN(pen_span_make(w, (size_t)(end - w)), pen_span_str(old_floats[i].want), "%s",
                    old_floats[i].name);
    }
}

struct found {
    char digits[20];
    int exp10;
};

static bool reads_back(const char *s, double v, bool is_float)
{
    return is_float ? strtof(s, NULL) == (float)v : strtod(s, NULL) == v;
}

/* The shortest decimal of at least two digits that reads back, the closest one to v: tries %.1e to
 * %.16e, each with its neighbours one unit of the last digit away. */
static struct found slow_search(double v, bool is_float)
{
    static const int tries[] = {0, 1, -1};
    for (int n = 2; n <= 17; n++) {
        char text[64];
        snprintf(text, sizeof(text), "%.*e", n - 1, v);
        int64_t digits = text[0] - '0';
        for (int i = 0; i < n - 1; i++)
            digits = digits * 10 + (text[2 + i] - '0');
        int e = atoi(strchr(text, 'e') + 1);
        for (size_t t = 0; t < PEN_COUNT(tries); t++) {
            struct found f = {"", e + 1};
            snprintf(text, sizeof(text), "%" PRId64 "e%d", digits + tries[t], e - n + 1);
            if (!reads_back(text, v, is_float))
                continue;
            snprintf(f.digits, sizeof(f.digits), "%" PRId64, digits + tries[t]);
            f.exp10 += (int)strlen(f.digits) - n;
            for (size_t k = strlen(f.digits); k > 1 && f.digits[k - 1] == '0'; k--)
                f.digits[k - 1] = '\0';
            return f;
        }
    }
    return (struct found){"none", 0};
}

/* digits and exponent out of "1.5E-7", "0.0012", "120.0" */
static struct found parse(struct pen_span s)
{
    struct found f = {"", 0};
    size_t n = 0;
    bool point = false;
    int e = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == 'E') {
            char text[16] = "";
            memcpy(text, s.p + i + 1, s.n - i - 1);
            e += atoi(text);
            break;
        }
        if (c == '.') {
            point = true;
            continue;
        }
        if (n == 0 && c == '0') {
            e -= point;
            continue;
        }
        if (n < sizeof(f.digits) - 1)
            f.digits[n++] = (char)c;
        e += !point;
    }
    while (n > 1 && f.digits[n - 1] == '0')
        f.digits[--n] = '\0';
    f.exp10 = e;
    return f;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static bool check(double v, bool is_float)
{
    struct found want = slow_search(v, is_float);
    struct found got = parse(is_float ? show_float((float)v) : show(v));
    if (strcmp(want.digits, got.digits) == 0 && want.exp10 == got.exp10)
        return true;
    printf("# %a: got 0.%sE%d want 0.%sE%d\n", v, got.digits, got.exp10, want.digits, want.exp10);
    return false;
}

static bool check_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof(v));
    return !isfinite(v) || v <= 0 || check(v, false);
}

static bool check_float_bits(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof(v));
    return !isfinite(v) || v <= 0 || check((double)v, true);
}

static void random_values(void)
{
    uint64_t state = 1;
    int bad = 0;
    for (int i = 0; i < 60000; i++)
        bad += !check_bits(next_random(&state) >> 1);
    TAP_EQ_INT(bad, 0, "60000 random doubles are the shortest and closest");
    for (int i = 0; i < 20000; i++)
        bad += !check_bits(next_random(&state) >> 12 >> next_random(&state) % 52);
    TAP_EQ_INT(bad, 0, "20000 random subnormals are the shortest and closest");
    for (int i = 0; i < 20000; i++) {
        uint64_t r = next_random(&state);
        static const double tens[] = {1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10};
        bad += !check((double)(r >> 34) / tens[r % 11], false);
    }
    TAP_EQ_INT(bad, 0, "20000 decimals as people write them are the shortest and closest");
    for (int e = -1074; e <= 1023; e++) {
        uint64_t bits;
        double v = ldexp(1, e);
        memcpy(&bits, &v, sizeof(bits));
        bad += !check_bits(bits) + !check_bits(bits + 1) + !check_bits(bits - 1);
    }
    TAP_EQ_INT(bad, 0, "every power of two and its neighbours");
    for (int e = -323; e <= 308; e++) {
        char text[16];
        uint64_t bits;
        snprintf(text, sizeof(text), "1e%d", e);
        double v = strtod(text, NULL);
        memcpy(&bits, &v, sizeof(bits));
        bad += !check_bits(bits) + !check_bits(bits + 1) + !check_bits(bits - 1);
    }
    TAP_EQ_INT(bad, 0, "every power of ten and its neighbours");
}

static void random_floats(void)
{
    uint64_t state = 2;
    int bad = 0;
    for (int i = 0; i < 100000; i++)
        bad += !check_float_bits((uint32_t)(next_random(&state) >> 33));
    TAP_EQ_INT(bad, 0, "100000 random floats are the shortest and closest");
    for (uint32_t i = 1; i < 5000; i++)
        bad += !check_float_bits(i);
    TAP_EQ_INT(bad, 0, "the 5000 smallest floats");
    for (uint32_t e = 1; e < 255; e++)
        bad += !check_float_bits(e << 23) + !check_float_bits((e << 23) - 1) +
               !check_float_bits((e << 23) + 1);
    TAP_EQ_INT(bad, 0, "every float power of two and its neighbours");
}

static const struct {
    const char *name;
    double v;
    const char *want;
} exact[] = {
    {"exact zero", 0.0, "0"},
    {"exact negative zero is zero", -0.0, "0"},
    {"exact integer has no point", 100.0, "100"},
    {"exact half", 0.5, "0.5"},
    {"exact negative", -2.25, "-2.25"},
    {"exact one tenth", 0.1, "0.1000000000000000055511151231257827021181583404541015625"},
    {"exact 1e23", 1e23, "99999999999999991611392"},
    {"exact 5e-200 (a carry of two words)", 5e-200,
     "0.000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000499999999999999991050131199541379798027"
     "20589464487354980752679912328124547374896836098606587810090209851078522751514964"
     "68124612474109161915058162789531867760429810492042384567277445414299431777268310"
     "21986641012066577033615425633987713429767597569145073567615246003247728426201396"
     "29900309184602998363023399595665656628760635337864335574166622204311327662177471"
     "43722988167539294559579737351926825484247946373353664417388485146703286960263932"
     "15024302732242398120411811362950242447478199636634599301032721996307373046875"},
    {"exact 2^-20", 0x1p-20, "0.00000095367431640625"},
    {"exact zero words inside", 1e18 + 1024, "1000000000000001024"},
};

static void exact_values(void)
{
    uint8_t w[1100];
    for (size_t i = 0; i < PEN_COUNT(exact); i++)
        TAP_EQ_SPAN(pen_span_make(w, pen_put_double_exact(w, sizeof(w), exact[i].v)),
                    pen_span_str(exact[i].want), "%s", exact[i].name);
    static const double extremes[] = {5e-324, 1.7976931348623157e308, 2.2250738585072014E-308};
    for (size_t i = 0; i < PEN_COUNT(extremes); i++) {
        char want[1500];
        int n = snprintf(want, sizeof(want), "%.1074f", extremes[i]);
        while (want[n - 1] == '0')
            n--;
        n -= want[n - 1] == '.';
        TAP_EQ_SPAN(pen_span_make(w, pen_put_double_exact(w, sizeof(w), extremes[i])),
                    pen_span_make(want, (size_t)n), "exact %a as printf has it", extremes[i]);
    }
    TAP_EQ_INT(pen_put_double_exact(w, 3, 1234.0), 0, "exact text longer than its room is refused");
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(doubles); i++)
        TAP_EQ_SPAN(show(doubles[i].v), pen_span_str(doubles[i].want), "%s", doubles[i].name);
    for (size_t i = 0; i < PEN_COUNT(floats); i++)
        TAP_EQ_SPAN(show_float(floats[i].v), pen_span_str(floats[i].want), "%s", floats[i].name);
    char digits[17];
    int e;
    unsigned n = pen_double_digits(0.00125, digits, &e);
    TAP_EQ_SPAN(pen_span_make(digits, n), PEN_SPAN_LIT("125"), "digits without zeros at the end");
    TAP_EQ_INT(e, -2, "0.00125 is 0.125 × 10^-2");
    old_values();
    random_values();
    random_floats();
    exact_values();
    return tap_done();
}
