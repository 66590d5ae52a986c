"""Joins with a client certificate, then twice in the same TLS session: under its own name and under another one.

Usage: tls-resumed.py URL CA CERTIFICATE, the last without .pem and .key. Prints a line for TLS 1.2 and one for 1.3.
"""
import socket
import ssl
import sys
import urllib.parse

import peer

URL, CA, CERTIFICATE = sys.argv[1:]


def connect(context, session=None):
    url = urllib.parse.urlsplit(URL)
    sock = socket.create_connection((url.hostname, url.port), peer.DEADLINE)
    return context.wrap_socket(sock, server_hostname="localhost", session=session, suppress_ragged_eofs=False)


def answer_to(name, sock):
    """Returns the answer of the server to init under this name."""
    peer.connect = lambda *_: sock
    one = peer.Peer(URL)
    one.say({"type": "init", "username": name, "id": "claimed"})
    return one.recv()


for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    context = ssl.create_default_context(cafile=CA)
    context.load_cert_chain(CERTIFICATE + ".pem", CERTIFICATE + ".key")
    context.minimum_version = context.maximum_version = version
    first = connect(context)
    answer_to("alice", first)  # a ticket of TLS 1.3 comes with it
    again, thief = connect(context, first.session), connect(context, first.session)
    assert again.session_reused and thief.session_reused, "the sessions are others"
    joined, refused = answer_to("alice", again), answer_to("mallory", thief)
    print("alice: %s, mallory: %s" % (joined["server"]["you"]["id"], refused["code"]))
