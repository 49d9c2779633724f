#!/usr/bin/env python3
"""Writes test/vectors/delta.json: deltas written and applied after docs/spec/13-delta.md alone.

Shares no code with src, so that the two check each other. Blocks are not compressed:

    python3 scripts/delta-vectors.py > test/vectors/delta.json
"""
import hashlib
import json


def stream(seed, size):
    """SHA-256(seed || number as 8 bytes BE) for number 0, 1, and so on."""
    out = b""
    number = 0
    while len(out) < size:
        out += hashlib.sha256(seed.encode() + number.to_bytes(8, "big")).digest()
        number += 1
    return out[:size]


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def folded(value):
    return varint(2 * value if value >= 0 else -2 * value - 1)


def block(operations, corrections, literals):
    """operations: (literal length, copy length, seek); corrections: (gap, word)."""
    sections = [
        b"".join(varint(operation[0]) for operation in operations),
        b"".join(varint(operation[1]) for operation in operations),
        b"".join(folded(operation[2]) for operation in operations),
        b"".join(varint(gap) for gap, _ in corrections),
        b"".join(folded(word) for _, word in corrections),
    ]
    return b"".join(varint(len(section)) for section in sections) + b"".join(sections) + literals


def delta(base_size, result_size, blocks):
    head = bytes([1]) + varint(base_size) + varint(result_size)
    return head + b"".join(varint(len(one)) + varint(len(one)) + one for one in blocks)


def apply(base, parts):
    """The result, from the numbers: they were never bytes here."""
    result = b""
    place = 0
    for operations, corrections, literals in parts:
        copied = []  # (offset in the result, length) of each copy of the block
        for literal_length, copy_length, seek in operations:
            result += literals[:literal_length]
            literals = literals[literal_length:]
            start = place + literal_length + seek
            if copy_length:
                assert 0 <= start and start + copy_length <= len(base)
                copied.append((len(result), copy_length))
            result += base[start : start + copy_length] if copy_length else b""
            place = start + copy_length
        assert literals == b""
        # Every copied byte's offset in the result, and how many bytes of its copy are left there.
        places = [(at + i, length - i) for at, length in copied for i in range(length)]
        fixed = bytearray(result)
        next_place = 0
        for gap, word in corrections:
            next_place += gap
            offset, left = places[next_place]
            width = min(4, left)
            assert -(1 << (8 * width - 1)) <= word < 1 << (8 * width - 1) and word & 255
            value = (int.from_bytes(fixed[offset : offset + width], "little") + word) % (1 << (8 * width))
            fixed[offset : offset + width] = value.to_bytes(width, "little")
            next_place += width
        result = bytes(fixed)
    return result


def vector(name, base_size, parts):
    base = stream("base", base_size)
    result = apply(base, parts)
    data = delta(base_size, len(result), [block(*part) for part in parts])
    return {
        "name": name,
        "baseSize": base_size,
        "resultSize": len(result),
        "delta": data.hex(),
        "result": hashlib.sha256(result).hexdigest(),
    }


BASE = stream("base", 5000)
GOOD = [([(0, 100, 7)], [], b"")]


def malformed(name, parts=None, data=None, result_size=100):
    data = data if data is not None else delta(5000, result_size, [block(*part) for part in parts])
    return {"name": name, "resultSize": result_size, "delta": data.hex()}


good = delta(5000, 100, [block(*GOOD[0])])
vectors = [
    vector("nothing from nothing", 0, []),
    vector("literals alone", 0, [([(5, 0, 0)], [], b"hello")]),
    vector("one copy of everything", 5000, [([(0, 5000, 0)], [], b"")]),
    vector("literals, copies, seeks both ways", 5000, [([(3, 1000, 40), (0, 200, -900), (2, 0, 0)], [], b"abcde")]),
    vector("as many bytes replaced: seek 0", 5000, [([(0, 2000, 0), (4, 2996, 0)], [], b"wxyz")]),
    vector("words, gaps over the ends of copies", 5000, [([(0, 100, 0), (1, 100, 0)], [(0, 1), (0, -1), (91, 100), (50, -(2**31) + 1), (3, 70000)], b"q")]),
    vector("short words at the ends of copies", 5000, [([(0, 10, 0), (0, 10, 5), (0, 10, 5)], [(9, -128), (8, 0x7F01), (7, -0x7FFFFF)], b"")]),
    vector("words that carry out of their bytes", 5000, [([(0, 64, 0)], [(0, -1), (10, 2**31 - 1), (42, 255)], b"")]),
    vector("places go on over blocks, gaps do not", 5000, [([(0, 100, 10), (6, 0, 0)], [(99, 1)], b"blocks"), ([(1, 200, 0)], [(99, 1)], b"!"), ([(0, 50, -300)], [], b"")]),
]
refused = [
    malformed("empty", data=b""),
    malformed("version 2", data=b"\x02" + good[1:]),
    malformed("another base", data=delta(4999, 100, [block(*GOOD[0])])),
    malformed("a size not in its shortest form", data=b"\x01\x88\xa7\x00\x64" + good[4:]),
    malformed("a byte behind the end", data=good + b"\x00"),
    malformed("cut off", data=good[:-1]),
    malformed("no blocks", data=delta(5000, 100, [])),
    malformed("a block behind the result", GOOD + GOOD),
    malformed("too little", [([(0, 99, 7)], [], b"")]),
    malformed("too much", [([(0, 101, 7)], [], b"")]),
    malformed("a copy from before the base", [([(0, 100, -1)], [], b"")]),
    malformed("a copy from behind the base", [([(0, 100, 4901)], [], b"")]),
    malformed("an operation that makes nothing", [([(0, 0, 0), (0, 100, 0)], [], b"")]),
    malformed("no copy before the last operation", [([(1, 0, 0), (0, 99, 0)], [], b"x")]),
    malformed("a seek without a copy", [([(0, 99, 0), (1, 0, 1)], [], b"x")]),
    malformed("a word that begins too early", [([(0, 100, 0)], [(0, 256)], b"")]),
    malformed("a word of zero", [([(0, 100, 0)], [(0, 0)], b"")]),
    malformed("a word of 33 bits", [([(0, 100, 0)], [(0, 2**31 + 1)], b"")]),
    malformed("a word wider than what is left", [([(0, 100, 0)], [(99, 129)], b"")]),
    malformed("a correction behind the last copy", [([(0, 100, 0)], [(100, 1)], b"")]),
    malformed("literals left over", [([(0, 100, 0)], [], b"x")]),
    malformed("literals missing", [([(2, 98, 0)], [], b"x")]),
]
print(
    json.dumps(
        {
            "origin": "scripts/delta-vectors.py: an implementation of docs/spec/13-delta.md that shares no code with src; bases are its function stream with the seed base",
            "deltas": vectors,
            "malformed": refused,
        },
        indent=2,
    )
)
