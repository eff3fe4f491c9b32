#!/usr/bin/env python3
"""Writes double_table.h: for k in [-324, 292] the 128 leading bits of 10^-k, rounded up.

    double_table.py OUTPUT

Used by double.c. Made at build time with exact integers, so nobody has to trust a table that was
typed in; a table filled at load time would be mutable data and a start-up cost instead.
"""
import sys

K_MIN, K_MAX = -324, 292


def leading_bits(e):
    """ceil(10^e * 2^s) with s chosen so that the result has exactly 128 bits"""
    num, den = (10**e, 1) if e >= 0 else (1, 10**-e)
    shift = 128 - (num.bit_length() - den.bit_length())
    for s in (shift - 1, shift, shift + 1):
        n, d = (num << s, den) if s >= 0 else (num, den << -s)
        floor = n // d
        if floor.bit_length() == 128:
            return floor + (1 if n % d else 0)
    raise AssertionError(e)


def main():
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Made by double_table.py: 10^-k, 128 bits, rounded up. */\n")
        out.write(f"#define POW10_K_MIN ({K_MIN})\n")
        out.write(f"static const uint64_t pow10_table[{K_MAX - K_MIN + 1}][2] = {{\n")
        for k in range(K_MIN, K_MAX + 1):
            g = leading_bits(-k)
            assert g >> 128 == 0
            out.write(f"    {{0x{g >> 64:016X}u, 0x{g & (2**64 - 1):016X}u}},\n")
        out.write("};\n")


main()
