/* Key stores of keytool (OpenJDK 17), all with password "geheim" and one EC key of CN=penstock:
 *   keytool -genkeypair -keyalg EC -dname CN=penstock -storetype JKS …; -exportcert; -importcert; -importkeystore */
#include <penstock/keys.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>
#include "tap.h"

static const char key_jks[] =
    "/u3+7QAAAAIAAAABAAAAAQABawAAAaIJtxuxAAAAfzB9MA4GCisGAQQBKgIRAQEFAARrAELcnlRc8TB9Hk0XQBLkIY"
    "+/L8pWpf7uTu/AirJSFyMfWsV4YX/FDFjErGej+1faorwf3dTU8G/FipIRSAYwHs6nQTUnnKWcNR1YGX1jTEvJDWSK"
    "12Cj60AQOWzTmEx5CdLtvOfVmS3ryp0AAAABAAVYLjUwOQAAAUQwggFAMIHmoAMCAQICCQDtMr1oHI+i3jAKBggqhk"
    "jOPQQDAjATMREwDwYDVQQDEwhwZW5zdG9jazAgFw0yNjExMjMxODQyMDRaGA8yMTI2MTAzMDE4NDIwNFowEzERMA8G"
    "A1UEAxMIcGVuc3RvY2swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQiCWXnnZU2nYmnZq1rkXp6p3ae9l/CnNdP1m"
    "YNQIWatYJ8ORwWmDtuuV6OIk+EoMHtuvZ7LEiOu9ofctG+ef8PoyEwHzAdBgNVHQ4EFgQUzD4f7wzAmlTyjoDXWjz+"
    "b5om+v0wCgYIKoZIzj0EAwIDSQAwRgIhAOWX04V8ttWbibVctaKcEwB6bh65XHtLZvblgRgcrOOFAiEAgTPW/vLKAQ"
    "SThuXayU9SdqNTlxfrqtWkHu53hmwKRAwftFQMY9E5Fc1Q8AjS5tD7MGzRqg==";
static const char trust_jks[] =
    "/u3+7QAAAAIAAAABAAAAAgABYwAAAaIJtx4xAAVYLjUwOQAAAUQwggFAMIHmoAMCAQICCQDtMr1oHI+i3jAKBggqhk"
    "jOPQQDAjATMREwDwYDVQQDEwhwZW5zdG9jazAgFw0yNjExMjMxODQyMDRaGA8yMTI2MTAzMDE4NDIwNFowEzERMA8G"
    "A1UEAxMIcGVuc3RvY2swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQiCWXnnZU2nYmnZq1rkXp6p3ae9l/CnNdP1m"
    "YNQIWatYJ8ORwWmDtuuV6OIk+EoMHtuvZ7LEiOu9ofctG+ef8PoyEwHzAdBgNVHQ4EFgQUzD4f7wzAmlTyjoDXWjz+"
    "b5om+v0wCgYIKoZIzj0EAwIDSQAwRgIhAOWX04V8ttWbibVctaKcEwB6bh65XHtLZvblgRgcrOOFAiEAgTPW/vLKAQ"
    "SThuXayU9SdqNTlxfrqtWkHu53hmwKRAxH/VCh3Sgp2aCuaHT103qRw71mpw==";
static const char key_p12[] =
    "MIID1gIBAzCCA4AGCSqGSIb3DQEHAaCCA3EEggNtMIIDaTCCASAGCSqGSIb3DQEHAaCCAREEggENMIIBCTCCAQUGCy"
    "qGSIb3DQEMCgECoIG9MIG6MGYGCSqGSIb3DQEFDTBZMDgGCSqGSIb3DQEFDDArBBSQrda2xnjkHfkvRI08N9dUb0fS"
    "BwICJxACASAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDe34ScK/TpMjh2GB100qy8EUP1VhrWAks65zAerJ2"
    "xV0TwtIowHsXTs7uieYy0QqsldlxaNvjzHhxEjOAHjck1Le1iYUW54u/a1awV2wzLD+x7+nEnGZBkhnYrOM7W75dhs"
    "MTYwEQYJKoZIhvcNAQkUMQQeAgBrMCEGCSqGSIb3DQEJFTEUBBJUaW1lIDE3OTU0NTkzMjY2NDUwggJBBgkqhkiG9w"
    "0BBwagggIyMIICLgIBADCCAicGCSqGSIb3DQEHATBmBgkqhkiG9w0BBQ0wWTA4BgkqhkiG9w0BBQwwKwQUVKKOHrlq"
    "SObJ4fPNWNclWbzD52ECAicQAgEgMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBD4AyMcviiwher5EtEqTkkGgI"
    "IBsE+eE9uhOtuZIb5YMnlOkcMmlSEbO6yumuBOJNc4jduUEDi1aAGG8GqLLizgOgdYoMON0P6uXmWhp92Nhvqd7J6w"
    "OwhWPGMZViW+qtLFW7P9MuG4Ng7VE8yX5eQ3I5ASf+xYOM8onY0zm1cfl9wg3/KzmlDLFt9K3AMZfMR9bJSazWmQPQ"
    "bIrlQqJultLFT+f3B1y41fbUZuKNEmjnLXz7BjtIN55nVbcoUZPkGXgTsgRcJZrbrFz4XLJrdcUdIrHO1ar8YEp3gM"
    "ynySWxkHt7Lt5PdbfhjW0bZhphym7BjPea9XYiAQdmvdXVbjhovAaGltP2nunlgZYE2lG3ckk3JaeVIYzXosFH627O"
    "C9KIq99B5Rs5Ha7Mw4M14ommiuJDyn3hzr7slAeAyaq0j23qU8Z8e2SLoKXt9mXBsZD4crkkxkssPjmJi2+jTpqRx4"
    "0zTOS3+LphIEv45mUJe/qp38oFHoQsOG9/RWtb1na9H8ej/Q99PQATzSzC4799wasLd6zqkyjsB9egAONa3+Od0Uvj"
    "95roSH+p5Zc7srLK5Z1Tz95xu4L4c92ylzkkCv7TBNMDEwDQYJYIZIAWUDBAIBBQAEIAEjcJnS106ewXuqxEb54HZB"
    "T1jnuAl5sYvlBO8RZDvIBBTjDFemfCifaiLpJmzSHhzvYcDemQICJxA=";
static const char trust_p12[] =
    "MIICsgIBAzCCAlwGCSqGSIb3DQEHAaCCAk0EggJJMIICRTCCAkEGCSqGSIb3DQEHBqCCAjIwggIuAgEAMIICJwYJKo"
    "ZIhvcNAQcBMGYGCSqGSIb3DQEFDTBZMDgGCSqGSIb3DQEFDDArBBR3wm6rsemmZQ9xSCy6Otec7RWmiQICJxACASAw"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEK05MefolU3KE7yGd9sDPnyAggGwTIX58FJKlhO8l5Cs+TA4z1FjxX"
    "sghWIOhEpLEzBkqGF7wXUoaYnAI5MIvVMJdPIDJbn51LxpnwvgV6nIs6dOH7gjCNamiV8XhOLUCYw/hiQwZ0QijPYp"
    "GHqrgZsGtarfWT40QHo++Dsae3CMuhW8XGTtVQwxYl8ahtaeYJT0alrW9pLEO0lhuJvIwsc0bZCRt4gxvi6oL4BRD9"
    "79pV1kaAuh9gQ81g+eZ3lp3X5enjXUEoloKtckQqbz3uyaYp/R15N6zJoMseoFym+dWr4i4IGNVYM+ounncOPXNOu0"
    "HahoDUN0ylRqETONGQxefTjuYGAZdsDEnBoteBNYXzvoNFrZy1VIAgjcF35woaMKMeR7tXg0TxS5L+JD/N7rBj3eEz"
    "oT32S6acBEzNyNrvqL0SvLwXAhxEegEgkUboQluzN7n0Eoijxy+yBRUAYAVzf3GINq1tUBnbB+VARO51rihinTqZ8B"
    "nb5iHqV1MZFmkiUYBWhIv44WRHT5Ss31xyFpCvloXc6tlKoQaSjqC2aXOVodKvhQYUSnWIm2gsUyh8fPUsL6DJxw1E"
    "plp4EhOV+mME0wMTANBglghkgBZQMEAgEFAAQghxY0xWGc2NG2kqxbHb5zfsloBRf+eZ1XG9JkPUXxdZoEFL0YSXYA"
    "mmx8qLnwaj3UrbwFVgNFAgInEA==";
static const char certificate_pem[] =
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJRRENCNXFBREFnRUNBZ2tBN1RLOWFCeVBvdDR3Q2dZSUtvWk"
    "l6ajBFQXdJd0V6RVJNQThHQTFVRUF4TUkNCmNHVnVjM1J2WTJzd0lCY05Nall4TVRJek1UZzBNakEwV2hnUE1qRXlO"
    "akV3TXpBeE9EUXlNRFJhTUJNeEVUQVANCkJnTlZCQU1UQ0hCbGJuTjBiMk5yTUZrd0V3WUhLb1pJemowQ0FRWUlLb1"
    "pJemowREFRY0RRZ0FFSWdsbDU1MlYNCk5wMkpwMmF0YTVGNmVxZDJudlpmd3B6WFQ5Wm1EVUNGbXJXQ2ZEa2NGcGc3"
    "YnJsZWppSlBoS0RCN2JyMmV5eEkNCmpydmFIM0xSdm5uL0Q2TWhNQjh3SFFZRFZSME9CQllFRk13K0grOE13SnBVOG"
    "82QTExbzgvbSthSnZyOU1Bb0cNCkNDcUdTTTQ5QkFNQ0Ewa0FNRVlDSVFEbGw5T0ZmTGJWbTRtMVhMV2luQk1BZW00"
    "ZXVWeDdTMmIyNVlFWUhLemoNCmhRSWhBSUV6MXY3eXlnRUVrNGJsMnNsUFVuYWpVNWNYNjZyVnBCN3VkNFpzQ2tRTQ"
    "otLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==";

static const struct {
    const char *name, *base64, *password;
    int ca, certificates, key; /* how many PEM blocks; -1 = refused */
} cases[] = {
    {"JKS key store", key_jks, "geheim", 0, 1, 1},
    {"JKS trust store", trust_jks, "geheim", 1, 0, 0},
    {"JKS trust store without password", trust_jks, "", 1, 0, 0},
    {"JKS key store, wrong password", key_jks, "falsch", -1, 0, 0},
    {"PKCS#12 key store", key_p12, "geheim", 0, 1, 1},
    {"PKCS#12 trust store", trust_p12, "geheim", 1, 1, 0},
    {"PKCS#12, wrong password", trust_p12, "falsch", -1, 0, 0},
    {"PEM certificate", certificate_pem, "", 1, 1, 0},
    {"neither", "aGFsbG8K", "", -1, 0, 0},
};

static int blocks(const struct pen_buf *b)
{
    int n = 0;
    for (struct pen_span rest = pen_buf_span(b), line;
         rest.n > 0 && pen_span_split(&rest, '\n', &line);)
        n += pen_span_has_prefix(line, "-----BEGIN");
    return n;
}

static bool write_file(const char *path, const char *base64)
{
    uint8_t bytes[4096];
    const int n = EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)strlen(base64));
    const size_t pad = strspn(base64 + strcspn(base64, "="), "=");
    FILE *f = fopen(path, "wb");
    if (f == NULL || n < 0)
        return false;
    const bool ok = fwrite(bytes, 1, (size_t)n - pad, f) == (size_t)n - pad;
    return fclose(f) == 0 && ok;
}

int main(void)
{
    char path[] = "/tmp/penstock_keys_XXXXXX";
    const int fd = mkstemp(path);
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        struct pen_key_store s;
        struct pen_error err = {0};
        TAP_OK(write_file(path, cases[i].base64), "%s is written", cases[i].name);
        const int rc = pen_key_store_read(path, pen_span_str(cases[i].password), &s, &err);
        if (cases[i].ca < 0) {
            TAP_OK(rc == PEN_E_TLS && !strstr(err.text, "falsch"), "%s: %s", cases[i].name,
                   err.text);
            continue;
        }
        TAP_EQ_INT(rc, 0, "%s is read %s", cases[i].name, err.text);
        TAP_OK(rc == 0 && blocks(&s.ca) == cases[i].ca &&
                   blocks(&s.certificates) == cases[i].certificates &&
                   blocks(&s.key) == cases[i].key,
               "%s has its entries", cases[i].name);
        pen_key_store_done(&s);
    }
    struct pen_key_store s;
    struct pen_error err = {0};
    unlink(path);
    close(fd);
    TAP_EQ_INT(pen_key_store_read(path, PEN_SPAN_NONE, &s, &err), PEN_E_TLS,
               "a file that is not there");
    return tap_done();
}
