#!/usr/bin/env python3
"""Code signatures of Mach-O programs, after docs/spec/18-code-signature.md alone. Shares no code with src, so that the two
check each other. Writes test/vectors/code-signature.json, or checks real programs, one line of JSON each:

    python3 scripts/code-signature.py > test/vectors/code-signature.json
    python3 scripts/code-signature.py check PROGRAM...
"""
import hashlib
import json
import struct
import sys

ARM64, X64 = 0x0100000C, 0x01000007


def sha256(data):
    return hashlib.sha256(data).digest()


def stream(seed, size):
    """SHA-256(seed || number as 8 bytes BE) for number 0, 1, and so on."""
    blocks = (sha256(seed.encode() + struct.pack(">Q", number)) for number in range(-(-size // 32)))
    return b"".join(blocks)[:size]


def padded(size, step):
    return -(-size // step) * step


def segment(name, offset, size, section=None):
    memory = padded(size, 0x4000)
    fields = struct.pack("<16sQQQQIIII", name, 2**32 + offset, memory, offset, size, 0, 0, section is not None, 0)
    if section is not None:
        fields += struct.pack("<16s16sQQ8I", b"__text", name, 0, size - section, section, *[0] * 7)
    return struct.pack("<II", 0x19, 8 + len(fields)) + fields


def program(cpu, link_edit, seed, first_section=1024, text=0x4000):
    """An unsigned program: text up to 16 KiB, then the last segment."""
    commands = segment(b"__TEXT", 0, text, first_section) + segment(b"__LINKEDIT", text, link_edit)
    head = struct.pack("<8I", 0xFEEDFACF, cpu, 0, 2, 2, len(commands), 0, 0) + commands
    data = stream(seed, text + link_edit)
    return head + bytes(first_section - len(head)) + data[first_section:]


def pages(data, size):
    return [sha256(data[at : at + size]) for at in range(0, len(data), size)]


def sign(data, identifier):
    """Adds an ad hoc signature to an unsigned program."""
    cpu, _, _, count, size = struct.unpack("<5I", data[4:24])
    name = identifier.encode() + b"\0"
    code = padded(len(data), 16)
    text = link = None
    at = 32
    for _ in range(count):
        kind, length = struct.unpack("<II", data[at : at + 8])
        title = data[at + 8 : at + 24].rstrip(b"\0")
        if kind == 0x19 and title == b"__TEXT":
            text = struct.unpack("<Q", data[at + 48 : at + 56])[0]
        if kind == 0x19 and title == b"__LINKEDIT":
            link = at
        at += length
    hashes = -(-code // 4096)
    directory = 88 + len(name) + 32 * hashes
    total = padded(20 + directory, 16)
    out = bytearray(data + bytes(code - len(data)))
    out[16:24] = struct.pack("<II", count + 1, size + 16)
    out[at : at + 16] = struct.pack("<4I", 0x1D, 16, code, total)
    link_offset = struct.unpack("<Q", data[link + 40 : link + 48])[0]
    link_size = code + total - link_offset
    out[link + 32 : link + 40] = struct.pack("<Q", padded(link_size, 0x4000 if cpu == ARM64 else 0x1000))
    out[link + 48 : link + 56] = struct.pack("<Q", link_size)
    out += struct.pack(">5I", 0xFADE0CC0, 20 + directory, 1, 0, 20)
    out += struct.pack(">9I4B", 0xFADE0C02, directory, 0x20400, 0x20002, 88 + len(name), 88, 0, hashes, code, 32, 2, 0, 12)
    out += struct.pack(">4IQ3Q", 0, 0, 0, 0, 0, 0, text, 1) + name
    out += b"".join(pages(bytes(out[:code]), 4096))
    return bytes(out) + bytes(code + total - len(out))


def place(data):
    """Offset and length of the code signature; None without one."""
    count = struct.unpack("<I", data[16:20])[0]
    at = 32
    found = None
    for _ in range(count):
        kind, length = struct.unpack("<II", data[at : at + 8])
        if kind == 0x1D:
            found = struct.unpack("<II", data[at + 8 : at + 16])
        at += length
    return found


def check(data):
    """What a signature says, and which pages do not fit."""
    found = place(data)
    if found is None:
        return {"signed": False}
    offset, size = found
    magic, length, count = struct.unpack(">III", data[offset : offset + 12])
    assert magic == 0xFADE0CC0 and length <= size and offset + size == len(data)
    parts = {}
    for number in range(count):
        slot, at = struct.unpack(">II", data[offset + 12 + 8 * number : offset + 20 + 8 * number])
        end = at + struct.unpack(">I", data[offset + at + 4 : offset + at + 8])[0]
        assert end <= length
        parts[slot] = data[offset + at : offset + end]
    directory = parts[0]
    fields = struct.unpack(">9I4B", directory[:40])
    _, _, _, flags, hashes_at, name_at, special, slots, limit, hash_size, hash_type, _, shift = fields
    assert (hash_size, hash_type) == (32, 2) and limit == offset
    right = pages(data[:offset], 2**shift)
    stated = [directory[hashes_at + 32 * page : hashes_at + 32 * page + 32] for page in range(slots)]
    assert len(right) == slots
    wrong_parts = [
        slot
        for slot, part in parts.items()
        if 1 <= slot <= 11 and (slot > special or directory[hashes_at - 32 * slot : hashes_at - 32 * slot + 32] != sha256(part))
    ]
    return {
        "signed": True,
        "identifier": directory[name_at:].split(b"\0", 1)[0].decode(),
        "flags": flags,
        "pageBytes": 2**shift,
        "pages": slots,
        "wrongPages": [page for page in range(slots) if right[page] != stated[page]],
        "wrongParts": wrong_parts,
        "sha256": hashlib.sha256(data).hexdigest(),
        "imageSha256": hashlib.sha256(image(data)).hexdigest(),
    }


def image(data):
    """With zeros for the page hashes of an ad hoc signature. The stamp is left as it is."""
    offset, _ = place(data)
    count = struct.unpack(">I", data[offset + 8 : offset + 12])[0]
    slots = [struct.unpack(">I", data[offset + 12 + 8 * n : offset + 16 + 8 * n])[0] for n in range(count)]
    start = offset + struct.unpack(">I", data[offset + 16 : offset + 20])[0]
    flags, hashes_at = struct.unpack(">II", data[start + 12 : start + 20])
    size = 32 * struct.unpack(">I", data[start + 28 : start + 32])[0]
    if not flags & 2 or any(0x1000 <= slot < 0x10000 for slot in slots):
        return data
    return data[: start + hashes_at] + bytes(size) + data[start + hashes_at + size :]


def vector(name, cpu, link_edit, identifier):
    unsigned = program(cpu, link_edit, name)
    signed = sign(unsigned, identifier)
    offset, _ = place(signed)
    result = check(signed)
    assert result["wrongPages"] == []
    return {
        "name": name,
        "arch": "arm64" if cpu == ARM64 else "x64",
        "linkEditBytes": link_edit,
        "identifier": identifier,
        "unsignedSha256": hashlib.sha256(unsigned).hexdigest(),
        "commands": signed[:288].hex(),
        "codeBytes": offset,
        "signature": signed[offset:].hex(),
        "signedSha256": result["sha256"],
        "imageSha256": result["imageSha256"],
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        for path in sys.argv[2:]:
            with open(path, "rb") as file:
                print(json.dumps(check(file.read())))
        sys.exit()
    cases = [
        ("code0", ARM64, 5001, "sample"),
        ("code1", X64, 5001, "sample"),
        ("code2", ARM64, 16, "a"),
        ("code3", ARM64, 4096, "com.example." + "long-name." * 18),
        ("code4", X64, 16384, "@scope/app"),
        ("code5", ARM64, 100_000, "a.out"),
        ("code6", X64, 1, "demo"),
    ]
    origin = "scripts/code-signature.py, from docs/spec/18-code-signature.md alone"
    print(json.dumps({"origin": origin, "cases": [vector(*case) for case in cases]}, indent=1))
