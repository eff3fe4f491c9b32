/* Is a replica that the server lists still there? One that was killed stays registered until the server
 * next writes to it, so the list alone proves nothing. What registers from this machine tells the local
 * port of its connection, and the kernel lists connections with both ends:
 *
 *       sl  local_address rem_address   st …           /proc/net/tcp: each word of an address in the
 *        0: 0100007F:D2F0 0100007F:0CEE 01 …           machine's byte order; st 01 is ESTABLISHED
 *
 * The port alone would not do: another connection may have it by now. */
#include "server_check_int.h"
#include <stdio.h>
#include <unistd.h>

enum { ESTABLISHED = 1, WORD_DIGITS = 8, LONGEST = 32 };

/* "0100007F" or four such words. @returns false when it is neither */
static bool read_ip(const char *digits, uint8_t ip[16])
{
    const size_t words = strlen(digits) / WORD_DIGITS;
    if (strlen(digits) % WORD_DIGITS != 0 || (words != 1 && words != 4))
        return false;
    memset(ip, 0, 10);
    memset(ip + 10, 0xff, 2);
    for (size_t i = 0; i < words; i++) {
        unsigned word;
        if (sscanf(digits + i * WORD_DIGITS, "%8x", &word) != 1)
            return false;
        memcpy(ip + 16 - (words - i) * sizeof(word), &word, sizeof(word));
    }
    return true;
}

bool server__is_connection(const char *line, unsigned local_port, const struct pen_endpoint *peer)
{
    unsigned local, port, state;
    char digits[LONGEST + 1];
    uint8_t ip[16];
    if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %x", &local, digits, &port,
               &state) != 4 ||
        local != local_port || state != ESTABLISHED)
        return false;
    return peer == NULL ||
           (port == peer->port && read_ip(digits, ip) && memcmp(ip, peer->ip, sizeof(ip)) == 0);
}

static bool is_listed(const char *path, unsigned local_port, const struct pen_endpoint *peer)
{
    FILE *f = fopen(path, "re");
    char line[512];
    bool found = false;
    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
        found = server__is_connection(line, local_port, peer);
    if (f != NULL)
        fclose(f);
    return found;
}

enum server__replica server__find_replica(const struct pen_conn *c, const char *host, unsigned port)
{
    struct pen_endpoint end;
    const struct pen_endpoint *peer = pen_conn_peer(c, &end) ? &end : NULL;
    char own[256] = "";
    (void)gethostname(own, sizeof(own) - 1);
    if (strcmp(host, own) != 0 || port == 0)
        return SERVER__REPLICA_ELSEWHERE;
    return is_listed("/proc/net/tcp", port, peer) || is_listed("/proc/net/tcp6", port, peer)
               ? SERVER__REPLICA_HERE
               : SERVER__REPLICA_GONE;
}
