#!/usr/bin/env python3
"""Writes test/vectors/content.json: chunks, pages and roots computed from docs/spec/12-content.md alone.

Shares no code with src, so that the two check each other. Slow and plain on purpose:

    python3 scripts/content-vectors.py > test/vectors/content.json
"""
import hashlib
import json

MIN, AVERAGE, MAX = 8192, 32768, 131072


def sha256(data):
    return hashlib.sha256(data).digest()


GEAR = [int.from_bytes(sha256(b"peerpatch:gear:1" + bytes([byte]))[:4], "big") for byte in range(256)]


def is_end(content, start, length):
    """Whether a chunk from start ends when it has this length: looks at the last 32 bytes and no others."""
    window = 0
    for back in range(32):
        window += GEAR[content[start + length - 1 - back]] << back
    bits = 17 if length < AVERAGE else 13
    return (window & 0xFFFFFFFF) >> (32 - bits) == 0


def image_chunks(content):
    """The same cuts with a rolling hash: is_end for every length would take hours. cross_check compares the two."""
    start, cuts = 0, []
    while start < len(content):
        window = 0
        end = min(start + MAX, len(content))
        for at in range(start + MIN - 32, end):
            window = ((window << 1) + GEAR[content[at]]) & 0xFFFFFFFF
            length = at + 1 - start
            if length >= MIN and window >> (15 if length < AVERAGE else 19) == 0:
                end = at + 1
                break
        cuts.append((end - start, sha256(content[start:end])))
        start = end
    return cuts


def delta_chunks(content):
    parts = [content[start : start + MAX] for start in range(0, len(content), MAX)]
    return [(len(part), sha256(part)) for part in parts]


def cross_check(content, cuts):
    start = 0
    for length, _ in cuts:
        for probe in range(MIN, length, 997):
            assert not is_end(content, start, probe)
        if start + length < len(content) and length < MAX:
            assert is_end(content, start, length)
        start += length


def pages_of(entries, level=0):
    """Levels of pages over (covered, hash) entries, from level 0 to the one that has a single page."""
    pages, page = [], []
    for entry in entries:
        page.append(entry)
        if len(page) == 256 or (len(page) >= 16 and entry[1][0] < 4):
            pages.append(page)
            page = []
    if page or not pages:
        pages.append(page)
    width = 4 if level == 0 else 8
    encoded = [bytes([level]) + b"".join(size.to_bytes(width, "little") + hash for size, hash in p) for p in pages]
    if len(pages) == 1:
        return [encoded]
    above = [(sum(size for size, _ in p), sha256(bytes_)) for p, bytes_ in zip(pages, encoded)]
    return [encoded] + pages_of(above, level + 1)


def stream(seed, size):
    blocks = (sha256(seed.encode() + counter.to_bytes(4, "little")) for counter in range((size + 31) // 32))
    return b"".join(blocks)[:size]


def bytes_of(part):
    if "hex" in part:
        return bytes.fromhex(part["hex"])
    if "seed" in part:
        return stream(part["seed"], part["size"])[part.get("from", 0) :]
    return bytes([part["byte"]]) * part["size"]


def window_value(window):
    return sum(GEAR[byte] << age for age, byte in enumerate(reversed(window))) & 0xFFFFFFFF


def find_window(bits, more_bits):
    """32 bytes whose value begins with so many zero bits, and not with more_bits.

    The gear of its first byte is odd: one bit of it is left, and without that bit the value would begin with a one.
    """
    for number in range(1 << 32):
        window = sha256(b"window" + number.to_bytes(4, "little"))
        value = window_value(window)
        if value >> (32 - bits) == 0 and value >> (32 - more_bits) != 0 and GEAR[window[0]] % 2 == 1:
            return window


def around(window, end):
    """Zeros, in which no chunk ends, and the window with its last byte where the first chunk gets that length."""
    return [{"byte": 0, "size": end - 32}, {"hex": window.hex()}, {"byte": 0, "size": 50000}]


def described(levels):
    return {"pageCounts": [len(level) for level in levels], "root": sha256(levels[-1][0]).hex()}


def content_vector(name, parts, kind="image"):
    content = b"".join(bytes_of(part) for part in parts)
    if kind == "image":
        cuts = image_chunks(content)
        cross_check(content, cuts)
    else:
        cuts = delta_chunks(content)
    return {
        "name": name,
        "kind": kind,
        "parts": parts,
        "size": len(content),
        "lengths": [length for length, _ in cuts],
        "chunkHashes": sha256(b"".join(hash for _, hash in cuts)).hex(),
        **described(pages_of(cuts)),
    }


def pages_vector(name, count, modulus):
    """Chunk i has 8192 + i % modulus bytes and the hash SHA-256("chunk" || i u32 LE)."""
    cuts = [(8192 + i % modulus, sha256(b"chunk" + i.to_bytes(4, "little"))) for i in range(count)]
    return {"name": name, "count": count, "modulus": modulus, **described(pages_of(cuts))}


def a(size):
    return {"seed": "a", "size": size}


def delta_vector(name, parts):
    return content_vector(name, parts, kind="delta")


HARD, SOFT = find_window(17, 32), find_window(13, 17)
contents = [
    content_vector("empty", []),
    content_vector("one byte", [a(1)]),
    content_vector("one byte below the smallest chunk", [a(8191)]),
    content_vector("the smallest chunk", [a(8192)]),
    content_vector("one byte above the smallest chunk", [a(8193)]),
    content_vector("zeros: no chunk ends before the largest size", [{"byte": 0, "size": 300000}]),
    content_vector("one largest chunk", [{"byte": 0, "size": 131072}]),
    content_vector("a stream", [a(3000000)]),
    content_vector(
        "the stream after one inserted byte",
        [
            a(1000000),
            {"byte": 7, "size": 1},
            {"seed": "a", "size": 3000000, "from": 1000000},
        ],
    ),
    content_vector("zeros in the middle", [a(500000), {"byte": 0, "size": 400000}, {"seed": "b", "size": 500001}]),
    content_vector("seventeen zero bits, one byte before the smallest size", around(HARD, 8191)),
    content_vector("seventeen zero bits at the smallest size", around(HARD, 8192)),
    content_vector("seventeen zero bits, one byte before the average", around(HARD, 32767)),
    content_vector("thirteen zero bits, one byte before the average", around(SOFT, 32767)),
    content_vector("thirteen zero bits at the average", around(SOFT, 32768)),
    content_vector("thirteen zero bits, one byte before the largest size", around(SOFT, 131071)),
    content_vector("thirteen zero bits, one byte behind the largest size", around(SOFT, 131073)),
    content_vector("two levels of pages", [{"seed": "c", "size": 6000000}]),
    delta_vector("an empty delta", []),
    delta_vector("a delta of one byte", [a(1)]),
    delta_vector("a delta of one byte below a chunk", [a(131071)]),
    delta_vector("a delta of one chunk", [a(131072)]),
    delta_vector("a delta of one byte above a chunk", [a(131073)]),
    delta_vector("a delta of two chunks", [a(262144)]),
    delta_vector("the stream as a delta", [a(3000000)]),
    delta_vector("a delta with thirteen zero bits at the average", around(SOFT, 32768)),
    delta_vector("a delta with two levels of pages", [{"seed": "o", "size": 4000000}]),
]
pages = [
    pages_vector("one entry", 1, 1),
    pages_vector("sixteen entries", 16, 1000),
    pages_vector("two hundred and fifty-six entries", 256, 1000),
    pages_vector("a thousand entries", 1000, 50000),
    pages_vector("three levels", 20000, 100000),
]
print(
    json.dumps(
        {
            "origin": "scripts/content-vectors.py: an implementation of docs/spec/12-content.md that shares no code with src",
            "gearHash": sha256(b"".join(value.to_bytes(4, "big") for value in GEAR)).hex(),
            "gearFirst": GEAR[:4],
            "contents": contents,
            "pages": pages,
        },
        indent=2,
    )
)
