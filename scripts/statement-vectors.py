#!/usr/bin/env python3
"""Writes test/vectors/statement.json: statements, their names and signatures, computed from docs/spec/11-statement.md alone.

Shares no code with src, so that the two check each other; Ed25519 is that of RFC 8032, section 6. Run:

    python3 scripts/statement-vectors.py > test/vectors/statement.json
"""
import hashlib
import json

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def sha256(data):
    return hashlib.sha256(data).digest()


def sha512(data):
    return hashlib.sha512(data).digest()


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(a, b):
    k, l = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    m, n = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = l - k, n - m, n + m, l + k
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def compressed(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def secret_of(seed):
    h = sha512(seed)
    return (int.from_bytes(h[:32], "little") & ((1 << 254) - 8)) | (1 << 254), h[32:]


def public_key(seed):
    return compressed(times(secret_of(seed)[0], BASE))


def sign(seed, message):
    a, prefix = secret_of(seed)
    r = int.from_bytes(sha512(prefix + message), "little") % ORDER
    point = compressed(times(r, BASE))
    h = int.from_bytes(sha512(point + public_key(seed) + message), "little") % ORDER
    return point + ((r + h * a) % ORDER).to_bytes(32, "little")


def zbase32(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join("ybndrfg8ejkmcpqxot1uwisza345h769"[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode("ascii")
    if isinstance(value, bytes):
        return b"%d:" % len(value) + value
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    pairs = value.items() if isinstance(value, Unsorted) else sorted(value.items())
    return b"d" + b"".join(bencode(key) + bencode(entry) for key, entry in pairs) + b"e"


class Unsorted(dict):
    pass


SEED = bytes(range(32))
OWNER = public_key(SEED)


def salt_of(app, target, channel):
    return b"pp1" + sha256(b"\0".join(text.encode("ascii") for text in (app, target, channel)))


def item(salt, seq, value):
    message = b"4:salt%d:" % len(salt) + salt + b"3:seqi%de1:v" % seq + bencode(value)
    signature = sign(SEED, message)
    return {"seq": str(seq), "signature": signature.hex(), "value": value.hex()}


def block_of(signed):
    signature, value = bytes.fromhex(signed["signature"]), bytes.fromhex(signed["value"])
    head = len(value).to_bytes(2, "little") + int(signed["seq"]).to_bytes(8, "little")
    return (head + signature + value).ljust(1104, b"\0")


def root(label):
    return sha256(label.encode("ascii"))


LEAST = {
    "a": "app", "c": "stable", "f": 1, "i": 1790000000, "k": 1, "o": 4096, "r": root("image"), "s": 100000,
    "t": "linux-x64", "w": "1.2.3",
}
DELTA = root("base") + (1234).to_bytes(4, "little") + root("delta")
FULL = {
    **LEAST, "a": "@scope/tool.app_2", "c": "beta-1", "t": "darwin-arm64", "w": "10.20.30-rc.1", "u": 1, "z": 1,
    "d": DELTA + root("other base") + (2**32 - 1).to_bytes(4, "little") + root("other delta"), "e": 1800000000,
    "l": "9.0.0", "m": ["https://example.com/updates", "http://[2001:db8::1]:8080/a"], "n": "https://example.com/notes/10",
    "p": [25, 1790003600, 172800],
}
LIMITS = {
    **LEAST, "a": "A" * 64, "c": "c" * 32, "t": "t" * 32, "w": "1.0.0-" + "a" * 58, "i": 2**53 - 1, "e": 0,
    "o": 2**32 - 1280, "s": 2**32, "p": [100, 2**53 - 1, 0], "m": ["http://a" + "b" * 192],
}
IGNORED = {**LEAST, "y": "later", "zz": [1, {"a": 2}], "A": b"\xff\x00"}
STATEMENTS = [
    ("the least there can be", LEAST, 1),
    ("every field", FULL, 1790000001),
    ("fields at their limits", LIMITS, 2**63 - 1),
    ("sequence number 0", LEAST, 0),
    ("unknown fields", IGNORED, 7),
]

MALFORMED, UNSUPPORTED = "STATEMENT_MALFORMED", "STATEMENT_UNSUPPORTED"


def without(key):
    return {name: value for name, value in LEAST.items() if name != key}


REFUSED = [(f"no {key}", bencode(without(key)), MALFORMED) for key in "acfikorstw"] + [
    (what, bencode(value) if isinstance(value, dict) else value, code)
    for what, value, code in [
        ("format 2", {**LEAST, "f": 2}, UNSUPPORTED),
        ("format 2, and everything else different", {"f": 2, "k": 1, "a": 5}, UNSUPPORTED),
        ("format 2 with a name", {"a": "app", "c": "stable", "f": 2, "k": 1, "t": "linux-x64"}, UNSUPPORTED),
        ("chunking 2", {**LEAST, "k": 2}, UNSUPPORTED),
        ("a field to be understood", {**LEAST, "!x": 1}, UNSUPPORTED),
        ("format as text", {**LEAST, "f": "1"}, MALFORMED),
        ("a version with build metadata", {**LEAST, "w": "1.0.0+a"}, MALFORMED),
        ("a version of two numbers", {**LEAST, "w": "1.0"}, MALFORMED),
        ("a version with a v", {**LEAST, "w": "v1.0.0"}, MALFORMED),
        ("a version with a leading zero", {**LEAST, "w": "1.0.0-01"}, MALFORMED),
        ("a version of 65 characters", {**LEAST, "w": "1.0.0-" + "a" * 59}, MALFORMED),
        ("a version the region has no room for", {**LEAST, "w": "123456.123456.1234"}, MALFORMED),
        ("a lowest version that is none", {**LEAST, "l": "1"}, MALFORMED),
        ("a root of 31 bytes", {**LEAST, "r": bytes(31)}, MALFORMED),
        ("a root as number", {**LEAST, "r": 5}, MALFORMED),
        ("a size above 4 GiB", {**LEAST, "s": 2**32 + 1}, MALFORMED),
        ("a stamp that ends behind the file", {**LEAST, "o": 100000 - 1279}, MALFORMED),
        ("a negative offset", {**LEAST, "o": -1}, MALFORMED),
        ("a time of 2^53", {**LEAST, "i": 2**53}, MALFORMED),
        ("a negative time", {**LEAST, "e": -1}, MALFORMED),
        ("critical 0", {**LEAST, "u": 0}, MALFORMED),
        ("v0 2", {**LEAST, "z": 2}, MALFORMED),
        ("no deltas", {**LEAST, "d": b""}, MALFORMED),
        ("a delta cut off", {**LEAST, "d": DELTA[:-1]}, MALFORMED),
        ("two deltas with one base", {**LEAST, "d": DELTA + DELTA}, MALFORMED),
        ("a delta without bytes", {**LEAST, "d": DELTA[:32] + bytes(4) + DELTA[36:]}, MALFORMED),
        ("nine deltas", {**LEAST, "d": b"".join(root(str(n)) + DELTA[32:] for n in range(9))}, MALFORMED),
        ("an empty list of mirrors", {**LEAST, "m": []}, MALFORMED),
        ("five mirrors", {**LEAST, "m": ["http://a"] * 5}, MALFORMED),
        ("mirrors as text", {**LEAST, "m": "http://a"}, MALFORMED),
        ("a mirror with credentials", {**LEAST, "m": ["https://a:b@example.com"]}, MALFORMED),
        ("a mirror with a query", {**LEAST, "m": ["https://example.com/?a"]}, MALFORMED),
        ("a mirror with a fragment", {**LEAST, "m": ["https://example.com/#a"]}, MALFORMED),
        ("a mirror on ftp", {**LEAST, "m": ["ftp://example.com"]}, MALFORMED),
        ("a mirror without a host", {**LEAST, "m": ["https://"]}, MALFORMED),
        ("a mirror of 201 characters", {**LEAST, "m": ["http://a" + "b" * 193]}, MALFORMED),
        ("notes that run code", {**LEAST, "n": "javascript:alert(1)"}, MALFORMED),
        ("notes with a space", {**LEAST, "n": "https://example.com/a b"}, MALFORMED),
        ("a rollout of two numbers", {**LEAST, "p": [1, 2]}, MALFORMED),
        ("a rollout of four numbers", {**LEAST, "p": [1, 2, 3, 4]}, MALFORMED),
        ("a rollout to 101 %", {**LEAST, "p": [101, 0, 0]}, MALFORMED),
        ("a rollout of texts", {**LEAST, "p": ["1", "2", "3"]}, MALFORMED),
        ("an app with a space", {**LEAST, "a": "a b"}, MALFORMED),
        ("an empty app", {**LEAST, "a": ""}, MALFORMED),
        ("an app of 65 characters", {**LEAST, "a": "a" * 65}, MALFORMED),
        ("an app with a colon", {**LEAST, "a": "a:b"}, MALFORMED),
        ("a target in capitals", {**LEAST, "t": "Linux-x64"}, MALFORMED),
        ("a channel with a slash", {**LEAST, "c": "a/b"}, MALFORMED),
        ("a channel of 33 characters", {**LEAST, "c": "a" * 33}, MALFORMED),
        ("keys that are not sorted", Unsorted(reversed(sorted(LEAST.items()))), MALFORMED),
        ("keys inside that are not sorted", {**LEAST, "y": Unsorted([("b", 1), ("a", 2)])}, MALFORMED),
        ("a key twice", bencode(LEAST)[:-1] + b"1:w5:1.2.3e", MALFORMED),
        ("a byte behind the dictionary", bencode(LEAST) + b"e", MALFORMED),
        ("the end missing", bencode(LEAST)[:-1], MALFORMED),
        ("a list", bencode([1]), MALFORMED),
        ("a number with a leading zero", bencode(LEAST).replace(b"1:fi1e", b"1:fi01e"), MALFORMED),
    ]
]


def name_in(value, fallback=("app", "linux-x64", "stable")):
    return fallback if value is None else (value["a"], value["t"], value["c"])


def statement(what, fields, seq):
    name = name_in(fields)
    value = bencode(fields)
    assert len(value) <= 996, (what, len(value))
    salt = salt_of(*name)
    signed = item(salt, seq, value)
    signed_bytes = int(seq).to_bytes(8, "little") + bytes.fromhex(signed["signature"]) + value
    topic_name = f"peerpatch:{zbase32(OWNER)}:{name[0]}:{name[1]}:{name[2]}"
    return {
        "what": what,
        "app": name[0],
        "target": name[1],
        "channel": name[2],
        "version": fields["w"],
        **signed,
        "salt": salt.hex(),
        "dhtTarget": hashlib.sha1(OWNER + salt).hexdigest(),
        "signedBytes": signed_bytes.hex(),
        "id": sha256(signed_bytes).hex(),
        "blockHash": sha256(block_of(signed)).hex(),
        "topic": sha512(topic_name.encode("ascii"))[:32].hex(),
    }


def draw(secret, version):
    digest = sha256(secret + version.encode("ascii"))
    return {"secret": secret.hex(), "version": version, "draw": int.from_bytes(digest[:6], "big")}


print(
    json.dumps(
        {
            "origin": "scripts/statement-vectors.py",
            "seed": SEED.hex(),
            "publicKey": zbase32(OWNER),
            "statements": [statement(*row) for row in STATEMENTS],
            "refused": [{"what": what, "value": value.hex(), "code": code} for what, value, code in REFUSED],
            "draws": [draw(root(f"node {n}"), version) for n in range(4) for version in ("1.2.3", "2.0.0-rc.1")],
        },
        indent=1,
    )
)
