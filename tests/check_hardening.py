"""
check_hardening.py [--guard] FILE...: whether built programs and DLLs have what makes a memory error hard to
use: addresses that nobody can foresee, also of 64 bits (ASLR), data that is not executed (DEP), no section
that is written and executed, stack protection, and control flow guard (--guard: where the compiler has it).
"""

import pathlib
import struct
import sys

CHARACTERISTICS = {0x20: "high-entropy addresses", 0x40: "ASLR", 0x100: "DEP"}
GUARD_CF = 0x4000
EXECUTE, WRITE = 0x20000000, 0x80000000
# What functions call whose stack is spoilt: GCC's and clang's, Microsoft's.
PROTECTORS = (b"__stack_chk_fail", b"__security_check_cookie")


def lacks(path, guard):
    data = path.read_bytes()
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    if data[pe : pe + 4] != b"PE\0\0":
        return ["is no program of Windows"]
    sections, optional_size = struct.unpack_from("<H", data, pe + 6)[0], struct.unpack_from("<H", data, pe + 20)[0]
    optional = pe + 24
    characteristics = struct.unpack_from("<H", data, optional + 70)[0]
    found = [f"lacks {name}" for bit, name in CHARACTERISTICS.items() if not characteristics & bit]
    if guard and not characteristics & GUARD_CF:
        found.append("lacks control flow guard")
    for index in range(sections):
        at = optional + optional_size + 40 * index
        flags = struct.unpack_from("<I", data, at + 36)[0]
        if flags & EXECUTE and flags & WRITE:
            found.append(f"section {data[at : at + 8].rstrip(bytes(1)).decode()} is written and executed")
    symbols = struct.unpack_from("<I", data, pe + 12)[0]
    if symbols and not any(name in data for name in PROTECTORS):
        found.append("lacks stack protection")
    return found


def main(arguments):
    guard = arguments[:1] == ["--guard"]
    files = [pathlib.Path(name) for name in arguments[guard:]]
    breaches = [f"{path.name} {what}" for path in files for what in lacks(path, guard)]
    print("\n".join(breaches + [f"{len(files)} files looked at, {len(breaches)} breaches"]))
    return 1 if breaches or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
