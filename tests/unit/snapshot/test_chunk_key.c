/* Chunk keys in Java's serialization, both ways (hex from a JVM, OpenJDK 17), and the statements. */
#include <tap.h>

#include <penstock/snapshot/chunks.h>

static const struct {
    const char *name, *types;
    struct pen_span v[4];
    const char *hex;
} keys[] = {
    {"no key yet", "", {{0}}, "aced000570"},
    {"INT",
     "i",
     {PEN_SPAN_LIT("5")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "0116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e"
     "6c616e672e4e756d62657286ac951d0b94e08b020000787000000005"},
    {"two INTs share their class",
     "ii",
     {PEN_SPAN_LIT("5"), PEN_SPAN_LIT("-7")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000273720"
     "0116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e"
     "6c616e672e4e756d62657286ac951d0b94e08b0200007870000000057371007e0002fffffff9"},
    {"INT, BIGINT, VARCHAR, NULL",
     "ilss",
     {PEN_SPAN_LIT("5"), PEN_SPAN_LIT("9"), PEN_SPAN_LIT("ab"), PEN_SPAN_NONE},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000473720"
     "0116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565787200106a6176612e"
     "6c616e672e4e756d62657286ac951d0b94e08b0200007870000000057372000e6a6176612e6c616e672e4c6f6e673"
     "b8be490cc8f23df0200014a000576616c75657871007e00030000000000000009740002616270"},
    {"BIGINT UNSIGNED",
     "U",
     {PEN_SPAN_LIT("18446744073709551615")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "0146a6176612e6d6174682e426967496e74656765728cfc9f1fa93bfb1d030006490008626974436f756e74490009"
     "6269744c656e67746849001366697273744e6f6e7a65726f427974654e756d49000c6c6f776573745365744269744"
     "900067369676e756d5b00096d61676e69747564657400025b42787200106a6176612e6c616e672e4e756d62657286"
     "ac951d0b94e08b0200007870fffffffffffffffffffffffefffffffe00000001757200025b42acf317f8060854e00"
     "20000787000000008ffffffffffffffff78"},
    {"BIGINT UNSIGNED 0",
     "U",
     {PEN_SPAN_LIT("0")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "0146a6176612e6d6174682e426967496e74656765728cfc9f1fa93bfb1d030006490008626974436f756e74490009"
     "6269744c656e67746849001366697273744e6f6e7a65726f427974654e756d49000c6c6f776573745365744269744"
     "900067369676e756d5b00096d61676e69747564657400025b42787200106a6176612e6c616e672e4e756d62657286"
     "ac951d0b94e08b0200007870fffffffffffffffffffffffefffffffe00000000757200025b42acf317f8060854e00"
     "2000078700000000078"},
    {"DECIMALs, the second by references",
     "dd",
     {PEN_SPAN_LIT("-12.50"), PEN_SPAN_LIT("3")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000273720"
     "0146a6176612e6d6174682e426967446563696d616c54c71557f981284f0300024900057363616c654c0006696e74"
     "56616c7400164c6a6176612f6d6174682f426967496e74656765723b787200106a6176612e6c616e672e4e756d626"
     "57286ac951d0b94e08b020000787000000002737200146a6176612e6d6174682e426967496e74656765728cfc9f1f"
     "a93bfb1d030006490008626974436f756e744900096269744c656e67746849001366697273744e6f6e7a65726f427"
     "974654e756d49000c6c6f776573745365744269744900067369676e756d5b00096d61676e69747564657400025b42"
     "7871007e0004fffffffffffffffffffffffefffffffeffffffff757200025b42acf317f8060854e00200007870000"
     "0000204e278787371007e0002000000007371007e0006fffffffffffffffffffffffefffffffe000000017571007e"
     "000900000001037878"},
    {"BINARY",
     "bb",
     {PEN_SPAN_LIT("\x01\x02\xff"), PEN_SPAN_LIT("")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000275720"
     "0025b42acf317f8060854e00200007870000000030102ff7571007e000200000000"},
    {"DATETIME(6)",
     "T",
     {PEN_SPAN_LIT("2020-02-29 12:34:56.123456")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "0126a6176612e73716c2e54696d657374616d702618d5c80153bf650200014900056e616e6f737872000e6a617661"
     "2e7574696c2e44617465686a81014b597419030000787077080000017090f1458078075bca00"},
    {"YEAR",
     "Y",
     {PEN_SPAN_LIT("2024")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "00d6a6176612e73716c2e4461746514fa46683f3566970200007872000e6a6176612e7574696c2e44617465686a81"
     "014b597419030000787077080000018cc251f40078"},
    {"DATE",
     "DD",
     {PEN_SPAN_LIT("2020-02-29"), PEN_SPAN_LIT("0001-01-01")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000273720"
     "00d6a6176612e74696d652e536572955d84ba1b2248b20c00007870770703000007e4021d787371007e0002770703"
     "00000001010178"},
    {"TIME(6), negative",
     "t",
     {PEN_SPAN_LIT("-00:00:02.999500")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "00d6a6176612e74696d652e536572955d84ba1b2248b20c00007870770d01fffffffffffffffd0007a12078"},
    {"BIT(1)",
     "B",
     {PEN_SPAN_LIT("\x01")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "0116a6176612e6c616e672e426f6f6c65616ecd207280d59cfaee0200015a000576616c7565787001"},
    {"FLOAT",
     "f",
     {PEN_SPAN_LIT("1.5")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "00f6a6176612e6c616e672e466c6f6174daedc9a2db3cf0ec02000146000576616c7565787200106a6176612e6c61"
     "6e672e4e756d62657286ac951d0b94e08b02000078703fc00000"},
    {"DOUBLE",
     "F",
     {PEN_SPAN_LIT("-2.25")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000173720"
     "0106a6176612e6c616e672e446f75626c6580b3c24a296bfb0402000144000576616c7565787200106a6176612e6c"
     "616e672e4e756d62657286ac951d0b94e08b0200007870c002000000000000"},
    {"strings outside ASCII and empty",
     "sis",
     {PEN_SPAN_LIT("é"), PEN_SPAN_LIT("1"), PEN_SPAN_LIT("")},
     "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c02000078700000000374000"
     "2c3a9737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c756578720010"
     "6a6176612e6c616e672e4e756d62657286ac951d0b94e08b020000787000000001740000"},
};

static struct pen_span labels[] = {PEN_SPAN_LIT("z"), PEN_SPAN_LIT("b,c"), PEN_SPAN_LIT("a")};

static struct pen_column column_of(char type)
{
    static const struct {
        char letter;
        enum pen_type type;
        bool is_unsigned;
        int64_t length;
    } types[] = {{'i', PEN_TYPE_INT, false, -1},      {'l', PEN_TYPE_BIGINT, false, -1},
                 {'s', PEN_TYPE_VARCHAR, false, 20},  {'U', PEN_TYPE_BIGINT, true, -1},
                 {'d', PEN_TYPE_DECIMAL, false, 10},  {'b', PEN_TYPE_VARBINARY, false, 20},
                 {'T', PEN_TYPE_DATETIME, false, -1}, {'Y', PEN_TYPE_YEAR, false, -1},
                 {'D', PEN_TYPE_DATE, false, -1},     {'t', PEN_TYPE_TIME, false, -1},
                 {'B', PEN_TYPE_BIT, false, 1},       {'f', PEN_TYPE_FLOAT, false, -1},
                 {'F', PEN_TYPE_DOUBLE, false, -1},   {'e', PEN_TYPE_ENUM, false, 1},
                 {'E', PEN_TYPE_SET, false, 5},       {'n', PEN_TYPE_INT, false, -1}};
    struct pen_column c = {.name = PEN_SPAN_NONE};
    for (size_t i = 0; i < PEN_COUNT(types); i++) {
        if (types[i].letter == type)
            c = (struct pen_column){.type = types[i].type,
                                    .is_unsigned = types[i].is_unsigned,
                                    .length = types[i].length,
                                    .optional = type == 'n',
                                    .labels = labels,
                                    .enum_count = 3};
    }
    return c;
}

static void test_keys(void)
{
    for (size_t i = 0; i < PEN_COUNT(keys); i++) {
        const uint32_t n = (uint32_t)strlen(keys[i].types);
        struct pen_chunk_key k = {0}, back = {0};
        struct pen_buf hex = PEN_BUF_INIT;
        struct pen_error err = {0};
        struct pen_column columns[4];
        const struct pen_column *list[4];
        for (uint32_t c = 0; c < n; c++) {
            columns[c] = column_of(keys[i].types[c]);
            list[c] = &columns[c];
        }
        int rc = n ? pen_chunk_key_set(&k, keys[i].v, n) : 0;
        rc = rc ? rc : pen_chunk_key_write(&k, list, &hex);
        TAP_OK(rc == 0, "%s: is written", keys[i].name);
        TAP_EQ_STR(pen_buf_cstr(&hex), keys[i].hex, "%s: as a JVM writes it", keys[i].name);
        rc = pen_chunk_key_read(pen_span_str(keys[i].hex), &back, &err);
        pen_buf_reset(&hex);
        rc = rc ? rc : n ? pen_chunk_key_write(&back, list, &hex) : back.set;
        TAP_EQ_STR(n ? pen_buf_cstr(&hex) : keys[i].hex, keys[i].hex, "%s: is read (%s)",
                   keys[i].name, err.text);
        for (size_t cut = 0; cut < strlen(keys[i].hex) && rc == 0; cut += 2)
            rc = pen_chunk_key_read(pen_span_make((const uint8_t *)keys[i].hex, cut), &back,
                                    &err) == PEN_E_PARSE
                     ? 0
                     : 1;
        TAP_OK(rc == 0, "%s: cut anywhere it is refused", keys[i].name);
        pen_chunk_key_done(&k);
        pen_chunk_key_done(&back);
        pen_buf_done(&hex);
    }
}

static const struct {
    const char *name, *types;
    struct pen_span after[3], max[3];
    const char *condition, *select, *max_sql;
} queries[] = {
    {"the first chunk has no bounds",
     "i",
     {{0}},
     {{0}},
     "",
     "SELECT * FROM `d`.`t``x` ORDER BY `k1` LIMIT 1024",
     "SELECT `k1` FROM `d`.`t``x` ORDER BY `k1` DESC LIMIT 1"},
    {"one column",
     "i",
     {PEN_SPAN_LIT("5")},
     {PEN_SPAN_LIT("9")},
     "",
     "SELECT * FROM `d`.`t``x` WHERE (`k1` > 5) AND NOT (`k1` > 9) ORDER BY `k1` LIMIT 1024",
     "SELECT `k1` FROM `d`.`t``x` ORDER BY `k1` DESC LIMIT 1"},
    {"two columns and a condition",
     "is",
     {PEN_SPAN_LIT("5"), PEN_SPAN_LIT("a'")},
     {PEN_SPAN_LIT("9"), PEN_SPAN_LIT("b")},
     "v = 1 -- why",
     "SELECT * FROM `d`.`t``x` WHERE ((`k1` > 5) OR (`k1` = 5 AND `k2` > _utf8mb4 x'6127')) AND "
     "NOT "
     "((`k1` > 9) OR (`k1` = 9 AND `k2` > _utf8mb4 x'62')) AND (v = 1 -- why\n) "
     "ORDER BY `k1`, `k2` LIMIT 1024",
     "SELECT `k1`, `k2` FROM `d`.`t``x` WHERE (v = 1 -- why\n) ORDER BY `k1` DESC, `k2` DESC LIMIT "
     "1"},
    {"NULL sorts first",
     "nn",
     {PEN_SPAN_NONE, PEN_SPAN_LIT("2")},
     {PEN_SPAN_LIT("3"), PEN_SPAN_LIT("4")},
     "",
     "SELECT * FROM `d`.`t``x` WHERE ((`k1` IS NOT NULL) OR (`k1` IS NULL AND (`k2` > 2 AND `k2` "
     "IS "
     "NOT NULL))) AND NOT (((`k1` > 3 AND `k1` IS NOT NULL)) OR (`k1` = 3 AND (`k2` > 4 AND `k2` "
     "IS "
     "NOT NULL))) ORDER BY `k1`, `k2` LIMIT 1024",
     "SELECT `k1`, `k2` FROM `d`.`t``x` ORDER BY `k1` DESC, `k2` DESC LIMIT 1"},
    {"ENUM and SET by number, BIT and bytes",
     "eEb",
     {PEN_SPAN_LIT("a"), PEN_SPAN_LIT("z,a"), PEN_SPAN_LIT("\x00'")},
     {PEN_SPAN_LIT("z"), PEN_SPAN_LIT(""), PEN_SPAN_LIT("")},
     "",
     "SELECT * FROM `d`.`t``x` WHERE ((`k1` > 3) OR (`k1` = 3 AND `k2` > 5) OR (`k1` = 3 AND `k2` "
     "= 5 "
     "AND `k3` > x'0027')) AND NOT ((`k1` > 1) OR (`k1` = 1 AND `k2` > 0) OR (`k1` = 1 AND `k2` = "
     "0 "
     "AND `k3` > x'')) ORDER BY `k1`, `k2`, `k3` LIMIT 1024",
     "SELECT `k1`, `k2`, `k3` FROM `d`.`t``x` ORDER BY `k1` DESC, `k2` DESC, `k3` DESC LIMIT 1"},
    {"a number that is none is a text",
     "i",
     {PEN_SPAN_LIT("1 OR 1")},
     {PEN_SPAN_LIT("9")},
     "",
     "SELECT * FROM `d`.`t``x` WHERE (`k1` > _utf8mb4 x'31204f522031') AND NOT (`k1` > 9) "
     "ORDER BY `k1` LIMIT 1024",
     "SELECT `k1` FROM `d`.`t``x` ORDER BY `k1` DESC LIMIT 1"},
};

static void test_queries(void)
{
    static const char *const names[] = {"k1", "k2", "k3"};
    for (size_t i = 0; i < PEN_COUNT(queries); i++) {
        const uint32_t n = (uint32_t)strlen(queries[i].types);
        struct pen_chunk_key after = {0}, max = {0};
        struct pen_buf b = PEN_BUF_INIT;
        struct pen_column columns[3];
        const struct pen_column *list[3];
        for (uint32_t c = 0; c < n; c++) {
            columns[c] = column_of(queries[i].types[c]);
            columns[c].name = pen_span_str(names[c]);
            list[c] = &columns[c];
        }
        struct pen_chunk_query q = {.db = PEN_SPAN_LIT("d"),
                                    .table = PEN_SPAN_LIT("t`x"),
                                    .key = list,
                                    .key_count = n,
                                    .condition = pen_span_str(queries[i].condition),
                                    .limit = 1024};
        int rc = i ? pen_chunk_key_set(&after, queries[i].after, n) : 0;
        rc = rc ? rc : i ? pen_chunk_key_set(&max, queries[i].max, n) : 0;
        TAP_OK(rc == 0, "%s: keys", queries[i].name);
        pen_chunk_put_select(&b, &q, &after, &max);
        TAP_EQ_STR(pen_buf_cstr(&b), queries[i].select, "%s", queries[i].name);
        pen_buf_reset(&b);
        pen_chunk_put_max(&b, &q);
        TAP_EQ_STR(pen_buf_cstr(&b), queries[i].max_sql, "%s: maximum", queries[i].name);
        pen_buf_done(&b);
        pen_chunk_key_done(&after);
        pen_chunk_key_done(&max);
    }
}

int main(void)
{
    test_keys();
    test_queries();
    return tap_done();
}
