"""The package `websockets`, whose version 14 renamed what these functions are for."""
import websockets

SINCE_14 = int(websockets.__version__.split(".")[0]) >= 14
Refused = websockets.InvalidStatus if SINCE_14 else websockets.InvalidStatusCode


def connect(url, headers=None):
    """Like websockets.connect."""
    return websockets.connect(url, **{"additional_headers" if SINCE_14 else "extra_headers": headers})


def path_of(peer):
    """Returns the path that the client of a server asked for."""
    return peer.request.path if SINCE_14 else peer.path


def extensions_of(peer):
    return peer.protocol.extensions if SINCE_14 else peer.extensions


def status_of(refusal):
    """Returns the status of HTTP in an exception of the class Refused."""
    return refusal.response.status_code if SINCE_14 else refusal.status_code
