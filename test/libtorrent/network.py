"""A private DHT of libtorrent sessions on loopback, driven line by line over stdin and stdout (JSON).

Usage: network.py <sessions> [--listen <ip:port> ...] [--join <ip:port> ...]
The first sessions listen where they are told to, the others on any port of 127.0.0.1; all of them know the nodes to join.
Prints {"ports": [...]} once the nodes know each other. Commands, one JSON object a line:
  {"do": "put", "seed": hex32, "key": hex32, "salt": hex, "value": text, "from": index}   stores a mutable item, seq chosen by libtorrent
  {"do": "get", "key": hex32, "salt": hex, "from": index}                   reads it
  {"do": "quit"}
Each answers with one JSON object.
"""

import argparse
import hashlib
import json
import sys
import time

import libtorrent as lt

SETTINGS = {
    "enable_dht": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "dht_bootstrap_nodes": "",
    # Many nodes share one loopback address here.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "dht_enforce_node_id": False,
    "dht_prefer_verified_node_ids": False,
    # Everybody has one address, so that limits per address would hit all at once.
    "dht_block_ratelimit": 1000000,
    "dht_upload_rate_limit": 1000000,
    "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification,
}


def start(count, listen, join):
    places = (listen + ["127.0.0.1:0"] * count)[:count]
    sessions = [lt.session(dict(SETTINGS, listen_interfaces=place)) for place in places]
    ports = [wait_for_port(session) for session in sessions]
    for index, session in enumerate(sessions):
        for other in {0, (index + 1) % count, (index * 7 + 3) % count}:
            if other != index:
                session.add_dht_node((places[other].split(":")[0], ports[other]))
        for place in join:
            host, port = place.split(":")
            session.add_dht_node((host, int(port)))
    deadline = time.time() + 10
    while time.time() < deadline:
        if all(session.status().dht_nodes >= min(6, count - 1) for session in sessions):
            break
        time.sleep(0.1)
    return sessions, ports


def wait_for_port(session):
    deadline = time.time() + 10
    while session.listen_port() == 0 and time.time() < deadline:
        time.sleep(0.02)
    return session.listen_port()


def collect(session, name, read, is_last, seconds=40):
    """What `read` makes of the alerts of one kind, until one is the last or time is up.

    Alerts live until the next pop_alerts, so they are read at once.
    """
    found = []
    deadline = time.time() + seconds
    while time.time() < deadline:
        for alert in session.pop_alerts():
            if type(alert).__name__ != name:
                continue
            found.append(read(alert))
            if is_last(alert):
                return found
        time.sleep(0.02)
    return found


def put(session, command):
    secret = expanded_secret(bytes.fromhex(command["seed"]))
    key = bytes.fromhex(command["key"])
    session.pop_alerts()
    session.dht_put_mutable_item(secret, key, command["value"].encode(), bytes.fromhex(command["salt"]))
    counts = collect(session, "dht_put_alert", lambda alert: alert.num_success, lambda alert: True)
    return {"stored": sum(counts)}


def expanded_secret(seed):
    """The 64-byte form libtorrent signs with: SHA-512 of the seed, clamped (RFC 8032)."""
    secret = bytearray(hashlib.sha512(seed).digest())
    secret[0] &= 248
    secret[31] = secret[31] & 63 | 64
    return bytes(secret)


def get(session, command):
    session.pop_alerts()
    session.dht_get_mutable_item(bytes.fromhex(command["key"]), bytes.fromhex(command["salt"]))
    found = collect(session, "dht_mutable_item_alert", read_item, lambda alert: alert.authoritative or alert.seq > 0)
    return {"found": [item for item in found if item is not None]}


def read_item(alert):
    try:
        return {"seq": alert.seq, "value": text_of(alert.item)}
    except RuntimeError:
        return None  # libtorrent reports "nothing found" as an item without a value


def text_of(item):
    value = item.get("value", b"") if isinstance(item, dict) else item
    # Latin-1: every byte is one character, also those of values that are no text.
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sessions", type=int)
    parser.add_argument("--listen", nargs="*", default=[])
    parser.add_argument("--join", nargs="*", default=[])
    options = parser.parse_args()
    sessions, ports = start(options.sessions, options.listen, options.join)
    print(json.dumps({"ports": ports, "nodes": [session.status().dht_nodes for session in sessions]}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "quit":
            break
        session = sessions[command.get("from", 0)]
        try:
            answer = put(session, command) if command["do"] == "put" else get(session, command)
        except Exception as error:  # the test prints it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
