# Shared by the scripts of this repository (mysql-fixtures/servers, mysql-fixtures/demo, tests/run): sourced, never run.
# say MESSAGE… goes to standard error, so that standard output stays machine-readable.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "$@"
    exit 1
}

# packages NAME… installs those Debian packages that are missing. Quick when nothing is.
packages() {
    local missing=() name
    for name in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "unable to install ${missing[*]}: this is not a Debian system"
    [ "$(id -u)" = 0 ] || die "unable to install ${missing[*]}: not root; install them by hand or run this as root"
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { apt_update && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" 2>&1; } >"$log"; then
        tail -n 15 "$log" >&2
        die "unable to install ${missing[*]}: see $log"
    fi
    rm -f "$log"
}
# apt_update is apt-get update that waits its turn: for the lists, unlike for dpkg, apt-get has no option to wait while a daily job holds the lock.
apt_update() {
    local said tries
    for ((tries = 300; tries > 0; tries--)); do
        if said=$(LC_ALL=C apt-get update -q 2>&1); then return 0; fi
        [[ $said == *'Could not get lock'* ]] || break
        [ $tries -lt 300 ] || say 'waiting for another apt-get to end'
        sleep 1
    done
    printf '%s\n' "$said"
    return 1
}

# What a build needs; the second list is what the tests need beside it.
BUILD_PACKAGES=(build-essential meson ninja-build pkg-config librdkafka-dev libjansson-dev libuv1-dev zlib1g-dev libzstd-dev
    libpcre2-dev libssl-dev libmicrohttpd-dev libgnutls28-dev libcurl4-openssl-dev default-libmysqlclient-dev)
TEST_PACKAGES=(git ccache clang clang-format clang-tidy mariadb-server mariadb-client python3 python3-pytest python3-pymysql python3-cryptography
    python3-confluent-kafka python3-yaml python3-jsonschema docker-compose)
